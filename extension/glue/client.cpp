// Who a request comes from: the peer of its connection or, behind trusted proxies, whom they name.

#include "pg.hpp"

#include "access_settings.hpp"
#include "core/ip_address.hpp"
#include "core/network.hpp"

CALYTICS_SQL_FUNCTION(calytics_client_address);
CALYTICS_SQL_FUNCTION(calytics_is_trusted_proxy);

using calytics::core::IpAddress;
using calytics::glue::bytes_of;

Datum calytics_client_address(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const auto peer = IpAddress::parse(bytes_of(PG_GETARG_TEXT_PP(0)));
  if (!peer) PG_RETURN_NULL();
  const std::string_view forwarded =
      PG_ARGISNULL(1) ? std::string_view() : bytes_of(PG_GETARG_TEXT_PP(1));
  IpAddress::Text buffer{};
  const IpAddress client =
      calytics::core::client_behind(*peer, forwarded, calytics::glue::trusted_proxies());
  PG_RETURN_DATUM(calytics::glue::text_datum(client.text(buffer)));
}

Datum calytics_is_trusted_proxy(PG_FUNCTION_ARGS) {
  const auto peer = IpAddress::parse(bytes_of(PG_GETARG_TEXT_PP(0)));
  PG_RETURN_BOOL(peer && calytics::glue::trusted_proxies().contains(*peer));
}
