#include "test/simulation/cluster_trouble.hpp"

#include "test/simulation/trouble.hpp"
#include "test/simulation/world.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

std::size_t some_node(world& of) { return of.chance().below(of.nodes()->size()); }

fenced_write some_write(world& of) {
  static const std::vector<fenced_write> all{fenced_write::commit, fenced_write::claim, fenced_write::settle};
  return of.chance().pick(all);
}

// Short and long: up to three leases.
void node_freezes(world& of) {
  const std::size_t node = some_node(of);
  of.nodes()->freeze(node, span(of, 1s, 45s));
}

void node_freezes_as_it_writes(world& of) {
  const std::size_t node = some_node(of);
  const fenced_write what = some_write(of);
  of.nodes()->freeze_at(node, what, span(of, 16s, 45s));
}

void node_is_cut(world& of) {
  static const std::vector<cut_off> ways{cut_off::from_store, cut_off::from_register, cut_off::from_both,
                                         cut_off::from_both};
  const std::size_t node = some_node(of);
  const cut_off what = of.chance().pick(ways);
  of.nodes()->cut(node, what, span(of, 2s, 60s));
}

void node_is_cut_as_it_writes(world& of) {
  const std::size_t node = some_node(of);
  const fenced_write what = some_write(of);
  of.nodes()->cut_at(node, what, span(of, 20s, 60s));
}

void node_is_killed(world& of) { of.nodes()->kill(some_node(of)); }

void clock_is_stepped(world& of) {
  const std::size_t node = some_node(of);
  of.nodes()->step(node, of.chance().between(-10min, 10min));
}

void session_ends(world& of) { of.nodes()->lose_session(some_node(of)); }

void node_is_drained(world& of) {
  const std::size_t node = some_node(of);
  of.nodes()->drain(node, span(of, 10s, 2min));
}

void register_starts_again(world& of) { of.nodes()->restart_register(span(of, 1s, 10s)); }

// And then somebody cannot reach it at all.
void register_is_slow(world& of) {
  of.nodes()->answer_slowly(span(of, 10s, 90s));
  const std::size_t node = some_node(of);
  const instant lasts = span(of, 10s, 40s);
  if (of.now() + 20s < trouble_lasts)
    of.time().after(of.chance().between(2s, 15s), [&of, node, lasts] {
      of.nodes()->cut(node, cut_off::from_register, std::min(lasts, trouble_lasts - of.now()));
    });
}

// Nobody is left who could take over, for a while.
void all_nodes_freeze_in_turn(world& of) {
  for (std::size_t node = 0; node < of.nodes()->size(); ++node) {
    if (of.now() + 1min > trouble_lasts) return;
    of.time().after(of.chance().between(0s, 30s), [&of, node] { of.nodes()->freeze(node, span(of, 5s, 30s)); });
  }
}

struct fault {
  unsigned weight;
  void (*happens)(world&);
};
constexpr std::array table{
    fault{5, node_freezes},     fault{8, node_freezes_as_it_writes}, fault{5, node_is_cut},
    fault{5, node_is_killed},   fault{5, node_is_cut_as_it_writes},  fault{3, clock_is_stepped},
    fault{2, session_ends},     fault{2, node_is_drained},           fault{1, register_starts_again},
    fault{3, register_is_slow}, fault{1, all_nodes_freeze_in_turn},
};

void something_happens(world& of) {
  unsigned all = 0;
  for (const fault& one : table) all += one.weight;
  auto at = static_cast<unsigned>(of.chance().below(all));
  for (const fault& one : table) {
    if (at < one.weight) return one.happens(of);
    at -= one.weight;
  }
}

} // namespace

void plan_cluster_trouble(world& of) {
  plan_trouble(of);
  for (std::size_t left = 5 + of.chance().below(8); left > 0; --left)
    of.time().at(of.chance().between(40s, trouble_lasts - 70s), [&of] { something_happens(of); });
}

} // namespace ringdown::simulation
