#include "glue/tracking/event_services.hpp"

#include <algorithm>

#include "core/time/local_time.hpp"
#include "glue/pg/columns.hpp"
#include "glue/pg/list.hpp"
#include "glue/pg/parameters.hpp"
#include "glue/pg/rows.hpp"
#include "glue/webhook/known_names.hpp"

namespace calytics::glue {
namespace {

constexpr std::string_view kOther = "(other)";
constexpr std::size_t kService = 6;  // the column

constexpr Oid kNames[] = {INT4OID, TEXTARRAYOID, TIMESTAMPTZOID};

Statement admit_services("select calytics.admit_services($1, $2, $3)", kNames);

struct Service {
  std::string_view name;
  bool admitted;
};

struct Services {
  const Receipt* receipt;
  List<Service> all;  // of the batch, each once

  // Admitted once a month, which is part of it.
  KnownName known(std::string_view name) const {
    const std::int64_t month = core::start_of(core::Unit::month, receipt->at, 1);
    return {admit_services,
            receipt->source,
            {reinterpret_cast<const char*>(&month), sizeof(month)},
            {name}};
  }
  Service* find(std::string_view name) { return std::ranges::find(all, name, &Service::name); }
};

void take_admitted(void* context, const Datum* values, const bool* nulls) {
  auto& services = *static_cast<Services*>(context);
  if (nulls[0]) return;
  for_each_text(DatumGetArrayTypeP(values[0]), [&](std::string_view name) {
    Service* service = services.find(name);
    if (service == services.all.end()) return;
    service->admitted = true;
    services.known(service->name).learn(core::kAlways);
  });
}

void admit(Services& services) {
  auto* names = static_cast<Datum*>(palloc(sizeof(Datum) * (services.all.size + 1)));
  std::size_t unknown = 0;
  for (const Service& service : services.all)
    if (!service.admitted) names[unknown++] = text_datum(service.name);
  if (unknown == 0) return;
  Arguments()
      .put(services.receipt->source)
      .put(array_of(names, unknown, TEXTOID))
      .put(TimestampTzGetDatum(services.receipt->at))
      .write(admit_services, take_admitted, &services);
}

std::string_view service_of(const EventRow& row) {
  return bytes_of(PG_DETOAST_DATUM_PACKED(row.values[kService]));
}

}  // namespace

void bound_services(std::span<EventRow> rows, const Receipt& receipt) {
  Services services = {&receipt, {CurrentMemoryContext}};
  for (const EventRow& row : rows) {
    const std::string_view name = service_of(row);
    if (name.empty() || services.find(name) != services.all.end()) continue;
    services.all.put({name, name == kOther || services.known(name).since(core::kAlways)});
  }
  admit(services);
  if (std::ranges::all_of(services.all, &Service::admitted)) return;
  const Datum other = text_datum(kOther);
  for (EventRow& row : rows) {
    const Service* service = services.find(service_of(row));
    if (service != services.all.end() && !service->admitted) row.values[kService] = other;
  }
}

}  // namespace calytics::glue
