// The settings that our functions in SQL are declared with, for glue that does without: setting
// them for each call costs more than much of what is called.
//
// Safe, for compiled code resolves no name while it runs but in the text of a statement, and in
// triggers that somebody else has put on a table: around these it is pinned. Functions in SQL that
// it calls pin their own path, or were resolved when they were made.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

// Whether search_path is as our functions in SQL have it.
bool is_pinned();
// Sets that for the present level of settings, and that rows are found by key: a plan made while a
// table was small would read all of it for good.
void pin();

template <class Work>
void pinned(Work work) {
  if (is_pinned()) {
    work();
    return;
  }
  const int level = NewGUCNestLevel();
  pin();
  work();
  AtEOXact_GUC(true, level);
}

}  // namespace calytics::glue
