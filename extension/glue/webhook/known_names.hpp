// Names that the session knows to be in the catalogue: most webhooks tell none that is new.
#pragma once

#include "glue/pg/pg.hpp"

#include <initializer_list>
#include <optional>
#include <string_view>

#include "core/access/signature.hpp"
#include "core/time/moment.hpp"
#include "glue/pg/statement.hpp"

namespace calytics::glue {

// A name of a source's, with all that tells it from others.
class KnownName {
 public:
  // kind: what learns such names; id: the bytes that tell what is named.
  KnownName(const Statement& kind, std::int32_t source, std::string_view id,
            std::initializer_list<std::string_view> names);

  // Whether it is known to be there since then, or since before.
  bool since(core::Moment at) const;
  // It is there since then; unless the transaction comes to nothing.
  void learn(core::Moment at) const;

 private:
  std::optional<core::Sha256Digest> digest_;
};

}  // namespace calytics::glue
