// Who a request comes from.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

// The address as a text: the peer's or, behind trusted proxies, the one whom they name in
// X-Forwarded-For; NULL if the peer's can't be read.
NullableDatum client_behind(std::string_view peer, std::string_view forwarded);

}  // namespace calytics::glue
