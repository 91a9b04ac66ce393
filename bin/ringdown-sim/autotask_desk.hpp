// An Autotask with a memory: tickets and notes that stay as they were written, whatever became of the answer. Checks what
// its REST API checks and says so as that does, in a 500. One thread owns it.
#pragma once

#include "bin/ringdown-sim/answer.hpp"
#include "bin/ringdown-sim/text.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

// What one request is about, for the journal and for what faults match.
struct desk_call {
  std::string name;      // zone, create, search, read, patch, put, note, notes, picklists, companies; unknown
  long ticket = 0;       // none: 0
  std::string reference; // externalID of the ticket, or what is searched for
  arguments fields;      // members of the body that are no containers
};

class autotask_desk {
public:
  [[nodiscard]] desk_call understand(const question& what) const;
  // Carries the request out.
  [[nodiscard]] answer serve(const question& what, const desk_call& call);

  // Somebody at their desk: closes or deletes the ticket, or every one for 0; how many that were.
  int close_by_hand(long only, std::string_view resolution);
  int remove(long only);

  // {"items": [...]}: every ticket with its members and the number of its notes.
  [[nodiscard]] std::string tickets_json() const;

private:
  using members = std::map<std::string, std::string, std::less<>>; // values as JSON
  struct ticket {
    members of;
    std::vector<members> notes;
  };

  [[nodiscard]] answer create(const std::string& body);
  [[nodiscard]] answer search(const std::string& body) const;
  [[nodiscard]] answer change(const std::string& body, long id, std::string_view how);
  [[nodiscard]] answer add_note(const std::string& body, long id);
  [[nodiscard]] answer read(long id) const;
  [[nodiscard]] answer read_notes(long id) const;

  std::map<long, ticket> tickets_;
  long next_ticket_ = 48'001;
  long next_note_ = 99'001;
};

} // namespace ringdown::sim
