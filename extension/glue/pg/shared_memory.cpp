#include "glue/pg/shared_memory.hpp"

#include <array>
#include <span>

namespace calytics::glue {

namespace {

constexpr std::size_t kMostParts = 8;

std::array<SharedPart, kMostParts> parts;
std::size_t size = 0;
shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

std::span<const SharedPart> all() {
  return {parts.data(), size};
}

void request() {
  if (previous_request_hook != nullptr) previous_request_hook();
  for (const SharedPart& part : all()) {
    RequestAddinShmemSpace(MAXALIGN(part.size));
    if (part.locks > 0) RequestNamedLWLockTranche(part.name, part.locks);
  }
}

void attach() {
  if (previous_startup_hook != nullptr) previous_startup_hook();
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  for (const SharedPart& part : all()) {
    bool there = false;
    void* memory = ShmemInitStruct(part.name, part.size, &there);
    part.attach(memory, there);
  }
  LWLockRelease(AddinShmemInitLock);
}

}  // namespace

void share_memory(const SharedPart& part) {
  if (size == 0) {
    previous_request_hook = shmem_request_hook;
    shmem_request_hook = request;
    previous_startup_hook = shmem_startup_hook;
    shmem_startup_hook = attach;
  }
  if (size == kMostParts) ereport(ERROR, (errmsg("too many parts of shared memory")));
  parts[size++] = part;
}

}  // namespace calytics::glue
