#include "test/noise/run.hpp"

#include "test/noise/company.hpp"

namespace ringdown::noise {

namespace {

void let_happen(const plan& of, const std::vector<std::unique_ptr<company>>& tenants, events& queue) {
  for (const spell& one : of.spells) {
    watch& its = tenants[of.pbxes[one.pbx].tenant]->watch_of(one.pbx);
    queue.at(one.begin, [&its, &one] {
      its.wake();
      its.truth.begin(one);
    });
    queue.at(one.end, [&its, &one, &queue] {
      its.wake();
      its.truth.end(one, queue.now());
    });
  }
}

} // namespace

outcome run(const settings& with, keep what) {
  const plan of = draw(with);
  outcome made;
  events queue;
  account book;
  std::vector<std::unique_ptr<company>> tenants;
  for (std::size_t i = 0; i < with.tenants; ++i)
    tenants.push_back(std::make_unique<company>(of, i, queue, book, what == keep::effects ? &made.effects : nullptr));
  let_happen(of, tenants, queue);
  queue.run(ending(with));
  for (const auto& one : tenants)
    for (const auto& [id, its] : one->watches()) {
      made.polls += its->polls;
      made.skipped += its->skipped;
    }
  made.found = book.judge(of);
  return made;
}

} // namespace ringdown::noise
