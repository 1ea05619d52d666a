// What tch lacks, behind a C ABI.
//
// Functions that return `int` give 0 on success and -1 on failure; those that return a pointer give null on failure.
// `esr_last_error` then has the reason, until the next failure on the same thread. Pointers to tensors are
// `at::Tensor*`, as tch holds them. Devices are written as PyTorch writes them: `cpu`, `cuda:0`.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

const char* esr_last_error(void);
void esr_text_free(char* text);

// --- device.cpp: events, allocator statistics ---------------------------------------------------------------------
void* esr_event_new(const char* device);
int esr_event_record(void* event);  // on the device's current stream
int esr_event_elapsed_ms(void* start, void* end, double* ms);  // waits for both
void esr_event_free(void* event);
int esr_device_synchronize(const char* device);
// Empties the cache and sets the peak back to what is allocated now.
int esr_memory_reset_peak(const char* device);
int esr_memory_peak_bytes(const char* device, uint64_t* bytes);

// --- memory.cpp: resident memory on the CPU ---------------------------------------------------------------------------
// While it is on, each large tensor on the CPU has pages of its own, which it gives back when it is freed.
int esr_memory_own_pages(int on);

// --- settings.cpp: precision switches, what libtorch is -------------------------------------------------------------
char* esr_settings(void);  // JSON object of the switches in force
int esr_setting_set(const char* key, int on);
char* esr_build_facts(void);  // JSON object: version, CPU capability, libraries

// --- recorder.cpp: every top-level operation of this thread ---------------------------------------------------------
int esr_recorder_start(void);
int esr_recorder_tensor(const void* tensor, size_t* id);  // the tensor's number, a new one for a new tensor
int esr_recorder_enter(const char* path, const char* module_class);
int esr_recorder_leave(void);
// JSON: {"tensors":[...],"ops":[...]}. Fails where an operation could not be recorded.
char* esr_recorder_stop(void);

// --- meta.cpp: shapes without compute --------------------------------------------------------------------------------
void* esr_meta_empty(const int64_t* shape, size_t dims);  // float32
// While it lasts, an operation that gets a meta tensor runs on the meta device, whatever its other arguments are.
int esr_meta_start(void);
char* esr_meta_stop(void);  // JSON list of the operations without a meta kernel, which ran on zeros instead

#ifdef __cplusplus
}
#endif
