// What the world may do to us is a value, never an exception: a result is either what was asked for or
// a failure that says of which kind it is and, in words fit for a log, what happened.
// A failure text never contains a secret.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ringdown {

// One list for all layers, so that policies can be tables over it.
enum class failure_kind {
  invalid,      // what a user wrote or what a peer sent is not of the form asked for
  not_found,    // no such thing
  refused,      // understood and declined (a permanent answer)
  unauthorized, // credentials missing, wrong or expired
  unavailable,  // cannot be reached or used now; may work later
  timed_out,    // no answer within the time given
  too_large,    // a size, depth or count limit was reached
  too_late,     // the moment until which the act was allowed has passed; nothing was done
  conflict,     // somebody else changed or owns it (a fence, a unique key)
  corrupt,      // the file or its disk cannot be trusted: nothing may be written any more
  io_error,     // the disk failed a read, a write or a sync; what is stored may be whole
  unreadable,   // one stored thing is not what this version writes; everything around it is sound
  internal      // none of the above
};

[[nodiscard]] std::string_view name(failure_kind kind);

struct failure {
  failure_kind kind = failure_kind::internal;
  std::string detail;
};

template <class T>
class [[nodiscard]] result {
public:
  result(T value) : held_(std::in_place_index<0>, std::move(value)) {}   // implicit: `return value;`
  result(failure why) : held_(std::in_place_index<1>, std::move(why)) {} // implicit: `return failure{..};`

  [[nodiscard]] bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&held_);
  }
  [[nodiscard]] T& value() & {
    assert(ok());
    return *std::get_if<0>(&held_);
  }
  [[nodiscard]] T&& value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&held_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  [[nodiscard]] const failure& error() const {
    assert(!ok());
    return *std::get_if<1>(&held_);
  }

private:
  std::variant<T, failure> held_;
};

template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(failure why) : held_(std::move(why)) {}

  [[nodiscard]] bool ok() const { return !held_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const failure& error() const {
    assert(!ok());
    return *held_;
  }

private:
  std::optional<failure> held_;
};

} // namespace ringdown
