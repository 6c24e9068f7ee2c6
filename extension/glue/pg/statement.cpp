#include "glue/pg/statement.hpp"

#include "glue/pg/pinned.hpp"

extern "C" {
#include "nodes/params.h"
}

namespace calytics::glue {

namespace {

struct SinkReceiver {
  DestReceiver receiver;
  RowSink sink;
  void* context;
};

bool receive(TupleTableSlot* slot, DestReceiver* self) {
  slot_getallattrs(slot);
  const auto* to = reinterpret_cast<SinkReceiver*>(self);
  to->sink(to->context, slot->tts_values, slot->tts_isnull);
  return true;
}

void begin_rows(DestReceiver* /*self*/, int /*operation*/, TupleDesc /*shape*/) {}
void nothing(DestReceiver* /*self*/) {}

}  // namespace

std::uint64_t Statement::execute(const Datum* values, const bool* nulls, bool reads, RowSink sink,
                                 void* context) {
  std::uint64_t count = 0;
  pinned([&] { count = execute_pinned(values, nulls, reads, sink, context); });
  return count;
}

std::uint64_t Statement::execute_pinned(const Datum* values, const bool* nulls, bool reads,
                                        RowSink sink, void* context) {
  if (plan_ == nullptr) {
    SPIPlanPtr plan =
        SPI_prepare_cursor(text_, count_, const_cast<Oid*>(types_), CURSOR_OPT_GENERIC_PLAN);
    if (plan == nullptr)
      elog(ERROR, "could not prepare a statement: %s", SPI_result_code_string(SPI_result));
    SPI_keepplan(plan);
    plan_ = plan;
  }
  ParamListInfo parameters = makeParamList(count_);
  for (int i = 0; i < count_; ++i) {
    ParamExternData& parameter = parameters->params[i];
    parameter.value = values[i];
    parameter.isnull = nulls != nullptr && nulls[i];
    parameter.pflags = PARAM_FLAG_CONST;
    parameter.ptype = types_[i];
  }
  SinkReceiver receiver = {{receive, begin_rows, nothing, nothing, DestTuplestore}, sink, context};
  SPIExecuteOptions options = {};
  options.params = parameters;
  options.read_only = reads;
  options.dest = &receiver.receiver;
  const int result = SPI_execute_plan_extended(plan_, &options);
  if (result < 0) elog(ERROR, "a statement failed: %s", SPI_result_code_string(result));
  return SPI_processed;
}

}  // namespace calytics::glue
