// The configuration parameters calytics.*.
#pragma once

namespace calytics::glue {

// To be called once, while the library is being loaded.
void define_settings();

}  // namespace calytics::glue
