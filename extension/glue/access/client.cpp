// Who a request comes from: the peer of its connection or, behind trusted proxies, whom they name.

#include "glue/pg/pg.hpp"

#include "glue/access/client.hpp"

#include "core/access/ip_address.hpp"
#include "core/access/network.hpp"
#include "glue/access/access_settings.hpp"

CALYTICS_SQL_FUNCTION(calytics_client_address);
CALYTICS_SQL_FUNCTION(calytics_is_trusted_proxy);

using calytics::core::IpAddress;
using calytics::glue::bytes_of;

NullableDatum calytics::glue::client_behind(std::string_view peer, std::string_view forwarded) {
  const auto address = IpAddress::parse(peer);
  if (!address) return {.value = 0, .isnull = true};
  IpAddress::Text buffer{};
  const IpAddress client = core::client_behind(*address, forwarded, trusted_proxies());
  return {.value = text_datum(client.text(buffer)), .isnull = false};
}

Datum calytics_client_address(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const NullableDatum client = calytics::glue::client_behind(
      bytes_of(PG_GETARG_TEXT_PP(0)),
      PG_ARGISNULL(1) ? std::string_view() : bytes_of(PG_GETARG_TEXT_PP(1)));
  if (client.isnull) PG_RETURN_NULL();
  PG_RETURN_DATUM(client.value);
}

Datum calytics_is_trusted_proxy(PG_FUNCTION_ARGS) {
  const auto peer = IpAddress::parse(bytes_of(PG_GETARG_TEXT_PP(0)));
  PG_RETURN_BOOL(peer && calytics::glue::trusted_proxies().contains(*peer));
}
