// Who was being handled when the process died (S-D5): a small file that all threads write as memory, so that it costs no
// system call and outlives the process. A fault (SIGSEGV, SIGABRT, ...) leaves its signal and the message's actor; the next
// start reads them. kill -9 and a power cut name nobody. One per process; outlives the actor system. Any thread.
#pragma once

#include "protocol/types/result.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown {

class flight_recorder {
public:
  struct death {
    int signal = 0;
    std::string actor; // empty: the thread that died handled no message
  };
  struct slot;
  struct page;

  // The file is made when absent, and begun anew; how the process before died is kept.
  static result<std::unique_ptr<flight_recorder>> open(const std::string& path);
  flight_recorder(page* mapped, std::optional<death> last); // by open()
  ~flight_recorder();
  flight_recorder(const flight_recorder&) = delete;
  flight_recorder& operator=(const flight_recorder&) = delete;

  [[nodiscard]] const std::optional<death>& last_death() const { return last_death_; }
  // From now on faults are recorded, and then kill as they would have.
  void catch_faults();

  // While it lives, this thread handles that actor.
  class passage {
  public:
    passage() = default;
    explicit passage(slot* where) : where_(where) {}
    passage(const passage&) = delete;
    passage& operator=(const passage&) = delete;
    ~passage();

  private:
    slot* where_ = nullptr; // none: nobody records, or more threads than places
  };
  [[nodiscard]] passage board(std::string_view actor);

private:
  [[nodiscard]] slot* place_of_this_thread();

  page* page_;
  std::optional<death> last_death_;
  std::unique_ptr<std::byte[]> stacks_; // handlers run on these: the thread's own may be what overflowed
};

} // namespace ringdown
