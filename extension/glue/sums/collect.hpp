// What reading sums is made of: the spans that are asked for, and the table in which they are
// summed up (spans.cpp, collector.cpp); collect.cpp goes through what there is to add.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/tupdesc.h"
}

#include <span>

#include "core/metrics/contribution.hpp"
#include "core/metrics/cube.hpp"
#include "core/time/local_time.hpp"

namespace calytics::glue {

// calytics.span, and what follows from it.
struct Span {
  std::string_view role;
  std::string_view basis_name;
  std::string_view window;
  core::Basis basis;
  TimestampTz lo;
  TimestampTz hi;
  core::Unit unit;
  core::Split split;
  bool cells;
  TimestampTz ended_by;  // core::kUnknown: all count
  TimestampTz as_of;
  // Whole local hours nearest to lo and hi; what they are off by is corrected fact by fact.
  Timestamp first_hour;
  Timestamp end_hour;
  bool open;  // of what is tracked: nothing that buckets know of happened after it
};

// A part of an hour that a span's whole hours have too little, or too much (weight -1).
struct Correction {
  const Span* span;
  TimestampTz lo;
  TimestampTz hi;
  Timestamp hour;
  std::int64_t weight;
};

struct Spans {
  std::span<Span> all;
  std::span<Correction> corrections;
};

// Spans in which no instant lies are left out. tracked_until: when the last event happened that
// buckets know of.
Spans rounded(std::span<const Span> asked, const core::Rules& rules, TimestampTz tracked_until);

// Keys to keep to; absent: all.
struct Filter {
  Datum* keys = nullptr;
  int size = 0;
  bool absent = true;

  bool lets(std::string_view key) const;
};
Filter filter_of(Datum texts);
Filter filter_argument(FunctionCallInfo fcinfo, int argument);

// What sums are asked for.
struct Question {
  std::int32_t source;
  core::Rules rules;
  Spans spans;
  Filter services;
  Filter hosts;
};

// Takes a sum of a span, or of its unfinished part; counts are the bytes of a tally. What the views
// are of lives until the sink returns.
using SumSink = void (*)(void* context, const Span& span, bool unfinished, Timestamp at,
                         const core::CubeKey& key, std::string_view counts);

// Sums by span, window, time, and service, host and currency.
class Collector {
 public:
  Collector(const Question& question, MemoryContext memory);

  const Question& question() const { return question_; }
  // The same question, where it is to live from now on.
  void ask(const Question& question) { question_ = question; }
  const Spans& spans() const { return question_.spans; }
  const core::Rules& rules() const { return question_.rules; }
  // What buckets have to keep apart for a span and the filters.
  core::Split needed(const Span& span) const {
    return {.service = span.split.service || !question_.services.absent,
            .host = span.split.host || !question_.hosts.absent};
  }
  bool lets(std::string_view service, std::string_view host) const {
    return question_.services.lets(service) && question_.hosts.lets(host);
  }

  // Adds to a span's sums at a local time; `unfinished` is for the window of that name.
  void add(const Span& span, bool unfinished, Timestamp local, const core::CubeKey& key,
           std::string_view counts, std::int64_t weight);
  // The cells of a cube that the filters let through.
  void add_cube(const Span& span, Timestamp local, std::string_view cube, std::int64_t weight);

  // The sums of another collector of the same spans.
  void add(const Collector& other, std::int64_t weight);

  // Every sum that is not empty.
  void each(SumSink sink, void* context) const;

 private:
  char* room_for(const core::CubeKey& key);

  Question question_;
  MemoryContext memory_;
  core::SumTable sums_;
  char* key_ = nullptr;
  std::size_t key_room_ = 0;
};

// Gives all sums of a source in these spans that are not empty, exact in the caller's snapshot;
// within SPI_connect and SPI_finish. `memory` outlives the call.
void collect(std::int32_t source, std::span<const Span> spans, const Filter& services,
             const Filter& hosts, MemoryContext memory, SumSink sink, void* context);
// The same of what is tracked.
void collect_tracked(std::int32_t source, std::span<const Span> spans, const Filter& services,
                     const Filter& hosts, MemoryContext memory, SumSink sink, void* context);

// What an SQL function answers that is asked for a source, spans and keys: a row of calytics.sums a
// sum.
using Collect = decltype(&collect);
Datum put_sums(FunctionCallInfo fcinfo, Collect collect);

}  // namespace calytics::glue
