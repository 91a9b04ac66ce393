// News by NOTIFY (S-K4).
#pragma once

#include "persistence/news.hpp"
#include "protocol/types/result.hpp"

#include <memory>
#include <string>

// What it is told on, in SQL: this installation's alone, also where several share a database.
#define RINGDOWN_NEWS_CHANNEL "'ringdown_' || 'node'::regclass::oid::text"

namespace ringdown::persistence {

// Connects when it is first waited for, by when the store has been opened once.
[[nodiscard]] result<std::unique_ptr<news_waiter>> wait_for_postgres_news(std::string url);

} // namespace ringdown::persistence
