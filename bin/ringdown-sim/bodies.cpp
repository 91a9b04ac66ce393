#include "bin/ringdown-sim/bodies.hpp"

#include "bin/ringdown-sim/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::sim {

namespace {

using namespace std::chrono_literals;

// Builds an entity property by property.
class shape {
public:
  shape& text(std::string name, std::string_view value) { return json(std::move(name), json_text(value)); }
  shape& number(std::string name, long value) { return json(std::move(name), fmt::to_string(value)); }
  shape& flag(std::string name, std::optional<bool> value) { return json(std::move(name), json_bool(value)); }
  shape& json(std::string name, std::string value) {
    held_.push_back({std::move(name), std::move(value), {}});
    return *this;
  }
  shape& object(std::string name, entity value) {
    held_.push_back({std::move(name), "{}", std::move(value)});
    return *this;
  }
  entity take() { return std::move(held_); }

private:
  entity held_;
};

entity gateway_of(const trunk& of) {
  return shape()
      .json("Codecs", R"(["PCMA","PCMU","G722"])")
      .flag("DeliverAudio", false)
      .text("Host", of.host)
      .text("ProxyHost", "")
      .number("ProxyPort", 5060)
      .number("TimeBetweenReg", 120)
      .number("Lines", 10)
      .text("Name", of.name)
      .number("Port", 5060)
      .text("RequireRegistrationFor", of.registration)
      .text("TemplateFilename", "generic.pv.xml")
      .text("Type", of.type)
      .number("Id", of.id - 40)
      .take();
}

std::string registration_times(const trunk& of) {
  return fmt::format(R"([{{"Name":"sent_time","Value":{}}},{{"Name":"ok_time","Value":{}}},)"
                     R"({{"Name":"failed_time","Value":{}}},{{"Name":"fail_code","Value":{}}}])",
                     json_time(of.sent), json_time(of.registered), json_time(of.failed), json_text(of.fail_code));
}

// SystemStatus and Services carry .NET times; a missing one is null there, not "".
std::string time_or_null(std::optional<wall_time> at) { return at ? json_time(at) : "null"; }

std::string midnight_before(wall_time now) {
  return time_or_null(std::chrono::floor<std::chrono::days>(now) + 2h + 29s);
}

void spoil(entity& item, const fault& with) {
  std::string_view path = with.field;
  auto* within = &item;
  while (true) {
    const auto name = path.substr(0, path.find('.'));
    const auto found = std::find_if(within->begin(), within->end(), [&](const member& m) { return m.name == name; });
    if (found == within->end()) return;
    if (name.size() == path.size()) {
      if (with.value) {
        *found = {found->name, *with.value, {}};
      } else {
        within->erase(found);
      }
      return;
    }
    within = &found->nested;
    path.remove_prefix(name.size() + 1);
  }
}

} // namespace

std::vector<entity> trunk_entities(const pbx& of) {
  std::vector<entity> out;
  for (const auto& one : of.trunks) {
    if (!one.present) continue;
    shape made;
    made.text("Number", one.number)
        .text("TranscriptionMode", "Nothing")
        .number("Id", one.id)
        .flag("IsOnline", one.online)
        .text("AuthID", "")
        .text("Direction", one.direction)
        .text("ExternalNumber", fmt::format("49305557{:04}", one.id))
        .text("OutboundCallerID", "")
        .number("SimultaneousCalls", 10)
        .text("ConfigurationIssue", one.enabled ? "" : "TrunkIsDisabled")
        .json("DidNumbers", "[]")
        .object("Gateway", gateway_of(one))
        .flag("EnableInboundCalls", one.enabled)
        .flag("EnableOutboundCalls", one.enabled)
        .text("IPRestriction", "Any")
        .text("TransportRestriction", "Any")
        .flag("TunnelEnabled", one.type == "BridgeSlaveOverTunnel")
        .text("TunnelRemoteAddr", is_bridge(one) ? one.host : "")
        .number("TunnelRemotePort", 5090)
        .json("Tags", "[]")
        .text("CertificateName", "");
    if (build_of(of) >= 8) made.text("CertificateExpirationDate", "");
    made.text("Certificate", "");
    if (build_of(of) >= 6) made.json("TrunkRegTimes", registration_times(one));
    out.push_back(made.take());
  }
  return out;
}

std::vector<entity> sbc_entities(const pbx& of, wall_time now) {
  std::vector<entity> out;
  for (const auto& one : of.sbcs) {
    shape made;
    made.text("Name", one.name)
        .text("DisplayName", one.label)
        .text("Group", "DEFAULT")
        .text("LogLevel", "Low")
        .number("LogSize", 10)
        .number("AudioPort", 20'000)
        .text("Security", "TLS")
        .flag("PassiveServerIsEnabled", false)
        .text("PassiveServer", "")
        .flag("HasConnection", one.up)
        .text("LocalIPv4", "192.168.44.9")
        .text("PublicIP", "198.51.100.24")
        .text("PhoneMAC", "")
        .json("PhoneUserId", "null")
        .text("Version", "20.0.9.141")
        .text("Password", "")
        .text("ProvisionLink", "");
    if (build_of(of) >= 8) {
      made.object("Connection", shape()
                                    .flag("Up", one.up)
                                    .text("ElapsedTime", iso_duration(now - one.since))
                                    .number("RegisteredPhones", one.up ? 9 : 0)
                                    .number("Calls", one.up ? 1 : 0)
                                    .number("Latency", one.up ? 21 : 0)
                                    .flag("UdpActive", one.up)
                                    .text("Cpu", one.up ? "6%" : "n/a")
                                    .text("Memory", one.up ? "28%" : "n/a")
                                    .text("Disk", one.up ? "19%" : "n/a")
                                    .take());
    }
    out.push_back(made.take());
  }
  return out;
}

std::vector<entity> service_entities(const pbx& of, wall_time now) {
  std::vector<entity> out;
  for (std::size_t i = 0; i < of.services.size(); ++i) {
    const auto& one = of.services[i];
    const bool runs = one.status == "Running";
    const auto row = static_cast<long>(i);
    const auto busy = std::chrono::duration_cast<std::chrono::seconds>(now - std::max(one.since, of.booted)).count();
    out.push_back(shape()
                      .text("Name", one.name)
                      .text("DisplayName", one.label)
                      .text("Status", one.status)
                      .number("MemoryUsed", runs ? (40 + 7 * row) * 1'048'576 : 0)
                      .json("SampleTime", time_or_null(now))
                      .number("TotalProcessorTime", runs ? busy * (300 + 10 * row) : 0)
                      .number("ThreadCount", runs ? 18 + row : 0)
                      .number("HandleCount", runs ? 120 + row : 0)
                      .flag("StartStopEnabled", i < 6)
                      .flag("RestartEnabled", true)
                      .take());
  }
  return out;
}

std::vector<entity> event_entities(const pbx& of) {
  std::vector<entity> out;
  for (const auto& one : of.events) {
    std::string params;
    for (const auto& text : one.params) params += (params.empty() ? "" : ",") + json_text(text);
    out.push_back(shape()
                      .number("Id", one.id)
                      .text("Type", "Info")
                      .number("EventId", one.event)
                      .text("Message", one.message)
                      .text("Group", "")
                      .text("GroupName", "")
                      .json("Params", fmt::format("[{}]", params))
                      .text("Source", "3CXPhoneSystem01")
                      .json("TimeGenerated", time_or_null(one.at))
                      .take());
  }
  return out;
}

entity system_entity(const pbx& of, wall_time now) {
  const auto listed = std::count_if(of.trunks.begin(), of.trunks.end(), [](const trunk& t) { return t.present; });
  const auto online =
      std::count_if(of.trunks.begin(), of.trunks.end(), [](const trunk& t) { return t.present && t.online; });
  const bool stopped =
      std::any_of(of.services.begin(), of.services.end(), [](const service& s) { return s.status != "Running"; });
  shape made;
  made.number("Id", 0)
      .text("FQDN", of.fqdn)
      .text("Version", of.version)
      .flag("Activated", true)
      .number("MaxSimCalls", of.max_calls)
      .number("ExtensionsRegistered", 31)
      .text("Ip", "203.0.113.61 Static")
      .text("IpV4", "203.0.113.61")
      .text("IpV6", "")
      .flag("LocalIpValid", true)
      .text("CurrentLocalIp", "10.44.0.5")
      .text("AvailableLocalIps", "10.44.0.5")
      .number("ExtensionsTotal", 38);
  if (build_of(of) >= 9) made.number("MaxUserExtensions", 60).number("UserExtensions", 36);
  made.flag("HasUnregisteredSystemExtensions", false)
      .flag("HasNotRunningServices", stopped)
      .number("TrunksRegistered", online)
      .number("TrunksTotal", listed)
      .number("CallsActive", of.calls)
      .number("DiskUsage", 41)
      .number("FreeDiskSpace", 37'580'963'840)
      .number("TotalDiskSpace", 64'424'509'440)
      .json("MaintenanceExpiresAt", time_or_null(std::chrono::floor<std::chrono::days>(now) + 24h * 300))
      .flag("Support", true)
      .flag("LicenseActive", true)
      .json("ExpirationDate", time_or_null(std::chrono::floor<std::chrono::days>(now) + 24h * 300))
      .number("OutboundRules", 6)
      .flag("BackupScheduled", true)
      .json("LastBackupDateTime", midnight_before(now - 3h))
      .text("ResellerName", "Example Voice")
      .text("LicenseKey", "SIMU-LATE-DKEY-0000")
      .text("ProductCode", "3CXPSENT")
      .flag("IsAuditLogEnabled", true)
      .flag("IsChatLogEnabled", true)
      .number("RecordingUsedSpace", 734'003'200)
      .number("RecordingQuota", 10'737'418'240)
      .flag("RecordingStopped", false)
      .flag("VoicemailStopped", false)
      .flag("VoicemailQuotaReached", false)
      .flag("DBMaintenanceInProgress", false)
      .flag("RecordingQuotaReached", false)
      .flag("IsRecordingArchiveEnabled", false)
      .text("OS", "Linux")
      .flag("AutoUpdateEnabled", true)
      .json("LastCheckForUpdates", midnight_before(now - 3h))
      .json("LastSuccessfulUpdate", time_or_null(of.booted))
      .flag("RemoteStorageEnabled", false);
  if (build_of(of) >= 7) made.text("RemoteStorageStatus", "NotConfigured");
  made.flag("RemoteConfigurationRequired", false)
      .number("ChatUsedSpace", 18'874'368)
      .number("LogUsedSpace", 268'435'456);
  return made.take();
}

entity telemetry_entity(const pbx& of, wall_time now) {
  const auto up = std::chrono::duration_cast<std::chrono::milliseconds>(now - of.booted).count();
  return shape()
      .json("Time", time_or_null(now))
      .json("CpuUsage", "7.5")
      .number("TotalPhysicalMemory", 8'589'934'592)
      .number("FreePhysicalMemory", 4'831'838'208)
      .number("TotalVirtualMemory", 8'589'934'592)
      .number("FreeVirtualMemory", 6'442'450'944)
      .number("TotalDiskSpace", 64'424'509'440)
      .number("FreeDiskSpace", 37'580'963'840)
      .number("TickCount", up)
      .take();
}

void spoil_fields(const pbx& of, std::string_view endpoint, std::vector<entity>& items) {
  for (const auto& one : of.faults) {
    if (one.kind != fault_kind::field || one.endpoint != endpoint) continue;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!one.item || *one.item == static_cast<long>(i)) spoil(items[i], one);
    }
  }
}

} // namespace ringdown::sim
