#include "bin/ringdownd/log_output.hpp"

#include "protocol/wire/json_writer.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
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

// As the pattern wants it, which opens an object with the time.
std::string line_of(log_format format, log_level level, std::string_view event,
                    std::initializer_list<log_field> fields) {
  std::string line = format_line(format, level, event, fields);
  if (format == log_format::json) line.erase(0, 1);
  return line;
}

using steady = std::chrono::steady_clock;

bool is_read(std::chrono::milliseconds within) {
  pollfd out{STDERR_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, static_cast<int>(within.count())) == 1 && (out.revents & POLLOUT) != 0;
}

// What of it could not be written. Where standard error does not block, whoever reads it is waited for so long each time.
std::string_view write_out(std::string_view text, std::chrono::milliseconds patience) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    if (written >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN || !is_read(patience)) break; // nobody reads our log, and there is nowhere else to say it
  }
  return text;
}

// The same for a process that is about to end: until then and no longer, whether standard error blocks or not.
std::string_view write_out_by(std::string_view text, steady::time_point end) {
  while (!text.empty()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - steady::now());
    if (!is_read(std::max(left, std::chrono::milliseconds(0)))) break;
    const ssize_t written = ::write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written < 0 && errno != EINTR && errno != EAGAIN) break;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return text;
}

// Standard error, written when no more lines wait: in a storm many lines are one system call, and a single line is out at
// once. What cannot be written is dropped, line by line, and how many lines that were is said when something can be.
class batched_stderr final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  // The queue's thread is the one that calls us, so the queue is there.
  batched_stderr(spdlog::details::thread_pool& queue, log_format format, std::chrono::milliseconds patience)
      : queue_(queue),
        format_(format),
        patience_(patience) {}
  // The end of the queue waits in it like a line.
  ~batched_stderr() override { write_pending(); }
  batched_stderr(const batched_stderr&) = delete;
  batched_stderr& operator=(const batched_stderr&) = delete;

  // For another thread, that ends the process then: `first`, and what waits here. Whoever writes now may be kept waiting by who
  // reads, and longer than that.
  void write_by(steady::time_point end, std::string_view first = {}) {
    const std::unique_lock hold(guard_, end);
    if (!hold) {
      static_cast<void>(write_out_by(first, end));
      return;
    }
    pending_.insert(inside_line_ ? pending_.find('\n') + 1 : 0, first);
    keep_begun(write_out_by(pending_, end));
  }

protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    const std::scoped_lock hold(guard_);
    append(line);
  }
  // After each line.
  void flush_() override {
    const std::scoped_lock hold(guard_);
    if (queue_.queue_size() == 0 || pending_.size() >= most_pending) write_pending();
  }

private:
  void append(const spdlog::details::log_msg& line) {
    spdlog::memory_buf_t text;
    formatter_->format(line, text);
    pending_.append(text.data(), text.size());
  }

  void write_pending() {
    const std::size_t overrun = queue_.overrun_counter();
    lost_ += overrun - std::exchange(overrun_, overrun);
    const std::size_t said = std::exchange(lost_, 0);
    if (said > 0)
      append({"", spdlog::level::warn,
              line_of(format_, log_level::warning, "log_lines_lost", {{"lines", std::to_string(said)}})});
    const std::string_view left = write_out(pending_, patience_);
    if (keep_begun(left) > 0 && said > 0) lost_ += said - 1; // that line is among them, and is none of theirs
  }

  // Of what could not be written only the rest of a line that has begun is kept. How many lines are lost.
  std::size_t keep_begun(std::string_view left) {
    const std::size_t written = pending_.size() - left.size();
    if (written > 0) inside_line_ = pending_[written - 1] != '\n';
    const std::size_t kept = inside_line_ ? left.find('\n') + 1 : 0;
    const std::string_view dropped = left.substr(kept);
    const auto lost = static_cast<std::size_t>(std::ranges::count(dropped, '\n'));
    lost_ += lost;
    pending_ = std::string(left.substr(0, kept));
    return lost;
  }

  static constexpr std::size_t most_pending = 64UL * 1024;
  spdlog::details::thread_pool& queue_;
  const log_format format_;
  const std::chrono::milliseconds patience_;
  std::timed_mutex guard_; // of all below
  std::string pending_;
  bool inside_line_ = false; // what was written last is not a whole line: `pending_` begins with its rest
  std::size_t lost_ = 0;     // lines, and nobody was told
  std::size_t overrun_ = 0;  // lines that the queue has dropped, as it counted last
};

class async_output final : public log_output {
public:
  async_output(log_format format, log_level from, std::chrono::milliseconds patience)
      : format_(format),
        from_(from),
        pool_(std::make_shared<spdlog::details::thread_pool>(queued_lines, 1)) {
    sink_ = std::make_shared<batched_stderr>(*pool_, format, patience);
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
    out_->log(spd(level), line_of(format_, level, event, fields));
  }

  // Not by the queue: its thread dies with the process. Then what waits there gets its chance. All of it is over in time,
  // whatever becomes of who reads.
  void last_words(std::string_view event, std::initializer_list<log_field> fields) override {
    const std::string time = rfc3339(std::chrono::time_point_cast<duration>(std::chrono::system_clock::now()));
    std::string line = format_line(format_, log_level::error, event, fields);
    line = format_ == log_format::json ? "{\"time\":\"" + time + "\"," + line.substr(1) : "time=" + time + " " + line;
    line += "\n";
    const auto end = steady::now() + last_chance;
    sink_->write_by(end, line);
    while (pool_->queue_size() > 0 && steady::now() < end) std::this_thread::yield();
    sink_->write_by(end); // what was taken from the queue may not be written yet
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

std::unique_ptr<log_output> make_log_output(log_format format, log_level from, std::chrono::milliseconds patience) {
  return std::make_unique<async_output>(format, from, patience);
}

} // namespace ringdown
