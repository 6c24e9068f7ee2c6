// calytics.machine(): the room that is left on the disk of the data directory and in memory. What
// the system doesn't tell is NULL; never an error.

#include "glue/pg/pg.hpp"

#include <array>
#include <optional>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/access/memory_info.hpp"

CALYTICS_SQL_FUNCTION(calytics_machine);

namespace {

using calytics::core::MemoryInfo;

std::optional<MemoryInfo> memory_info() {
  std::array<char, 4096> text;
  const int file = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  const ssize_t size = read(file, text.data(), text.size());
  close(file);
  if (size <= 0) return std::nullopt;
  return calytics::core::parse_memory_info({text.data(), static_cast<std::size_t>(size)});
}

}  // namespace

Datum calytics_machine(PG_FUNCTION_ARGS) {
  TupleDesc columns = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) {
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("calytics.machine must return a row")));
  }
  std::array<Datum, 4> values{};
  std::array<bool, 4> nulls = {true, true, true, true};
  const auto put = [&](std::size_t column, std::int64_t value) {
    values[column] = Int64GetDatum(value);
    nulls[column] = false;
  };
  struct statvfs disk {};
  if (statvfs(DataDir, &disk) == 0) {
    const auto block = static_cast<std::int64_t>(disk.f_frsize);
    put(0, static_cast<std::int64_t>(disk.f_blocks) * block);
    // What is kept back for root is not to be had.
    put(1, static_cast<std::int64_t>(disk.f_bavail) * block);
  }
  if (const auto memory = memory_info()) {
    put(2, memory->total);
    put(3, memory->available);
  }
  PG_RETURN_DATUM(
      HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values.data(), nulls.data())));
}
