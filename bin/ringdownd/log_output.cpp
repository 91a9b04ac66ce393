#include "bin/ringdownd/log_output.hpp"

#include "protocol/wire/json_writer.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace ringdown {

namespace {

constexpr std::size_t queued_lines = 8192;
constexpr std::size_t longest_value = 2000;
constexpr auto last_chance = std::chrono::milliseconds(500);

std::string_view word(log_level level) {
  switch (level) {
    case log_level::debug: return "debug";
    case log_level::info: return "info";
    case log_level::warning: return "warning";
    case log_level::error: return "error";
  }
  return "error";
}

spdlog::level::level_enum spd(log_level level) {
  switch (level) {
    case log_level::debug: return spdlog::level::debug;
    case log_level::info: return spdlog::level::info;
    case log_level::warning: return spdlog::level::warn;
    case log_level::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

// Shapes of credentials in use here: a bearer token, a webhook secret, an ntfy token, a JWT.
std::string masked(std::string text) {
  constexpr std::array<std::string_view, 4> shapes{"Bearer ", "whsec_", "tk_", "eyJ"};
  for (const std::string_view shape : shapes) {
    for (auto at = text.find(shape); at != std::string::npos; at = text.find(shape, at + shape.size())) {
      const auto begin = at + shape.size();
      const auto end = std::min(text.find_first_of(" \t\n\"',;&", begin), text.size());
      if (end - begin >= 8) text.replace(begin, end - begin, "***");
    }
  }
  if (text.size() > longest_value) text.resize(longest_value);
  return text;
}

// Bare when it needs no quotes; otherwise quoted, one line whatever it holds.
std::string logfmt_value(const std::string& text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != '\x7f';
  });
  if (plain) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      quoted += "\\n";
    else
      quoted += byte < ' ' || byte == 0x7f ? '?' : c;
  }
  return quoted + "\"";
}

// Standard error, written when no more lines wait: in a storm many lines are one system call, and a single line is out at once.
class batched_stderr final : public spdlog::sinks::base_sink<std::mutex> {
public:
  // The queue's thread is the one that calls us, so the queue is there.
  explicit batched_stderr(spdlog::details::thread_pool& queue) : queue_(queue) {}
  // The end of the queue waits in it like a line.
  ~batched_stderr() override { write_pending(); }
  batched_stderr(const batched_stderr&) = delete;
  batched_stderr& operator=(const batched_stderr&) = delete;

protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    spdlog::memory_buf_t text;
    formatter_->format(line, text);
    pending_.append(text.data(), text.size());
  }
  // After each line.
  void flush_() override {
    if (queue_.queue_size() == 0 || pending_.size() >= most_pending) write_pending();
  }

private:
  // Of an error output that does not block: waits a second for whoever reads it. Only the log's own thread waits.
  static bool is_read_again() {
    pollfd out{STDERR_FILENO, POLLOUT, 0};
    return ::poll(&out, 1, 1000) == 1;
  }

  void write_pending() {
    for (std::string_view left = pending_; !left.empty();) {
      const ssize_t written = ::write(STDERR_FILENO, left.data(), left.size());
      if (written > 0) left.remove_prefix(static_cast<std::size_t>(written));
      if (written < 0 && errno == EAGAIN && is_read_again()) continue;
      if (written < 0 && errno != EINTR) break; // nobody reads our log, and there is nowhere else to say it
    }
    pending_.clear();
  }

  static constexpr std::size_t most_pending = 64UL * 1024;
  spdlog::details::thread_pool& queue_;
  std::string pending_;
};

class async_output final : public log_output {
public:
  async_output(log_format format, log_level from)
      : format_(format),
        from_(from),
        pool_(std::make_shared<spdlog::details::thread_pool>(queued_lines, 1)) {
    sink_ = std::make_shared<batched_stderr>(*pool_);
    out_ =
        std::make_shared<spdlog::async_logger>("ringdown", sink_, pool_, spdlog::async_overflow_policy::overrun_oldest);
    out_->set_level(spdlog::level::debug); // `from_` decides
    out_->flush_on(spdlog::level::debug);
    out_->set_pattern(
        format == log_format::json ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%fZ\",%v" : "time=%Y-%m-%dT%H:%M:%S.%fZ %v",
        spdlog::pattern_time_type::utc);
  }

  void write_from(log_level level) override { from_ = level; }

  void write(log_level level, std::string_view event, std::initializer_list<log_field> fields) override {
    if (level < from_.load(std::memory_order_relaxed)) return;
    std::string line = format_line(format_, level, event, fields);
    if (format_ == log_format::json) line.erase(0, 1); // the pattern opens the object with the time
    out_->log(spd(level), line);
  }

  // Straight to standard error: the queue's thread dies with the process. Then what waits there gets its chance.
  void last_words(std::string_view event, std::initializer_list<log_field> fields) override {
    const std::string time = rfc3339(std::chrono::time_point_cast<duration>(std::chrono::system_clock::now()));
    std::string line = format_line(format_, log_level::error, event, fields);
    line = format_ == log_format::json ? "{\"time\":\"" + time + "\"," + line.substr(1) : "time=" + time + " " + line;
    line += "\n";
    static_cast<void>(::write(STDERR_FILENO, line.data(), line.size()) == 0);
    out_->flush();
    const auto end = std::chrono::steady_clock::now() + last_chance;
    while (pool_->queue_size() > 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    sink_->flush(); // what was taken from the queue may not be written yet
  }

private:
  log_format format_;
  std::atomic<log_level> from_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<batched_stderr> sink_;
  std::shared_ptr<spdlog::async_logger> out_;
};

} // namespace

std::string format_line(log_format format, log_level level, std::string_view event,
                        std::initializer_list<log_field> fields) {
  if (format == log_format::json) {
    wire::json_writer json;
    json.open_object().text("level", word(level)).text("event", event);
    for (const log_field& one : fields) json.text(one.key, masked(one.value));
    json.close_object();
    return std::move(json).str();
  }
  std::string line = "level=" + std::string(word(level)) + " event=" + std::string(event);
  for (const log_field& one : fields) line += " " + std::string(one.key) + "=" + logfmt_value(masked(one.value));
  return line;
}

std::unique_ptr<log_output> make_log_output(log_format format, log_level from) {
  return std::make_unique<async_output>(format, from);
}

} // namespace ringdown
