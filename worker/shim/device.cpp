// Device events and allocator statistics through libtorch's device-generic interfaces: no CUDA header is needed, so a
// worker that was compiled against a CPU libtorch times a GPU.
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "guard.h"
#include "shim.h"

namespace {
using c10::CachingAllocator::StatType;

struct DeviceEvent {
  c10::Device device;
  c10::Event event;

  explicit DeviceEvent(c10::Device d) : device(d), event(d.type(), c10::EventFlag::BACKEND_DEFAULT) {}
};

// A device with its index spelled out: `cuda` alone means the first one.
c10::Device parse(const char* name) {
  c10::Device device{std::string(name)};
  return device.has_index() ? device : c10::Device(device.type(), 0);
}
}  // namespace

extern "C" {
const char* esr_last_error(void) { return esr::last_error().c_str(); }

void esr_text_free(char* text) { free(text); }

void* esr_event_new(const char* device) {
  return esr::guarded<>(static_cast<void*>(nullptr), [&]() -> void* { return new DeviceEvent(parse(device)); });
}

int esr_event_record(void* event) {
  return esr::guarded(-1, [&] {
    auto* e = static_cast<DeviceEvent*>(event);
    e->event.record(c10::impl::VirtualGuardImpl(e->device.type()).getStream(e->device));
    return 0;
  });
}

int esr_event_elapsed_ms(void* start, void* end, double* ms) {
  return esr::guarded(-1, [&] {
    auto* a = static_cast<DeviceEvent*>(start);
    auto* b = static_cast<DeviceEvent*>(end);
    a->event.synchronize();
    b->event.synchronize();
    *ms = a->event.elapsedTime(b->event);
    return 0;
  });
}

void esr_event_free(void* event) { delete static_cast<DeviceEvent*>(event); }

int esr_device_synchronize(const char* device) {
  return esr::guarded(-1, [&] {
    const auto d = parse(device);
    c10::impl::VirtualGuardImpl(d.type()).synchronizeDevice(d.index());
    return 0;
  });
}

int esr_memory_reset_peak(const char* device) {
  return esr::guarded(-1, [&] {
    const auto d = parse(device);
    auto* allocator = c10::getDeviceAllocator(d.type());
    allocator->emptyCache();
    allocator->resetPeakStats(d.index());
    return 0;
  });
}

int esr_memory_peak_bytes(const char* device, uint64_t* bytes) {
  return esr::guarded(-1, [&] {
    const auto d = parse(device);
    const auto stats = c10::getDeviceAllocator(d.type())->getDeviceStats(d.index());
    // The figure of torch.cuda.max_memory_allocated.
    *bytes = static_cast<uint64_t>(stats.allocated_bytes[static_cast<size_t>(StatType::AGGREGATE)].peak);
    return 0;
  });
}
}
