#include "glue/sums/track_writer.hpp"

extern "C" {
#include "utils/typcache.h"
}

#include "glue/sums/reader.hpp"

namespace calytics::glue {

namespace {

constexpr int kOriginColumn = 7;  // of calytics.tracked_session

// The row of that key is there, and stays unless it is written here.
void find_row(Table& table, const RowKey& key) {
  if (!table.find(key))
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                    errmsg("a fact of what is tracked is gone that the folder has read")));
}

}  // namespace

TrackWriter::TrackWriter(std::int32_t source)
    : source_(source),
      sessions_("tracked_session"),
      funnels_("funnel"),
      origin_(lookup_rowtype_tupdesc_copy(sessions_.type_of(kOriginColumn), -1)) {}

void TrackWriter::put(const SessionChange& change) {
  const auto find = [&](const core::SessionFact& fact) {
    find_row(sessions_, RowKey().put(source_).put(change.session).put_instant(fact.began_at));
  };
  if (change.after == nullptr) {
    find(*change.before);
    sessions_.remove();
    return;
  }
  const Arguments row = session_columns(origin_, source_, change.session, *change.after);
  if (change.before == nullptr) {
    sessions_.insert(row);
  } else {
    find(*change.after);
    sessions_.update(row);
  }
}

void TrackWriter::put(const FunnelChange& change) {
  const auto find = [&](const core::FunnelFact& fact) {
    find_row(funnels_, RowKey().put(source_).put(change.session).put(fact.service));
  };
  if (change.after == nullptr) {
    find(*change.before);
    funnels_.remove();
    return;
  }
  const Arguments row = funnel_columns(source_, change.session, *change.after);
  if (change.before == nullptr) {
    funnels_.insert(row);
  } else {
    find(*change.after);
    funnels_.update(row);
  }
}

void TrackWriter::close() {
  sessions_.close();
  funnels_.close();
}

}  // namespace calytics::glue
