// Running a team's program: ATen operations by name, and TorchScript modules.
//
// Failures as in shim.h.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// --- operations by name ----------------------------------------------------------------------------------------------

enum EsrTag {
  ESR_DEFAULT = 0,  // the schema's default
  ESR_NONE,
  ESR_TENSOR,                 // pointer: at::Tensor*
  ESR_INT,                    // integer
  ESR_DOUBLE,                 // number
  ESR_BOOL,                   // integer
  ESR_STRING,                 // pointer: const char*
  ESR_DEVICE,                 // pointer: const char*
  ESR_INTS,                   // pointer: const int64_t*, length
  ESR_DOUBLES,                // pointer: const double*, length
  ESR_BOOLS,                  // pointer: const int64_t*, length
  ESR_TENSORS,                // pointer: at::Tensor* const*, length
  ESR_OPTIONAL_TENSORS,       // pointer: at::Tensor* const*, length; null for none
};

typedef struct {
  int32_t tag;
  int64_t integer;
  double number;
  const void* pointer;
  size_t length;
} EsrValue;

// The operation `aten::add` with the overload `Tensor`; null if libtorch has none.
void* esr_op_find(const char* name, const char* overload);
// Its argument names in schema order, one a line.
char* esr_op_arguments(const void* op);
void esr_op_free(void* op);
// Calls it with one value for each argument of its schema. Results go to `out`, lists flattened; gives their number, or
// -1. A tensor among them is a new at::Tensor* that the caller owns.
int esr_op_call(const void* op, const EsrValue* args, size_t n, EsrValue* out, size_t capacity);

// A tensor of the given layout over a copy of `bytes`, which hold the whole storage. `scalar_type` is c10's number.
void* esr_tensor_from_storage(const void* bytes, size_t length, const int64_t* sizes, const int64_t* strides, size_t dims,
                              int64_t offset, int scalar_type);

// --- TorchScript -----------------------------------------------------------------------------------------------------

// Loads a module in evaluation mode. `classes` (JSON or empty) comes back from the archive's extra file of that name.
void* esr_script_load(const char* path, const char* device, const char* extra_name, char** extra);
void esr_script_free(void* module);
void* esr_script_forward(void* module, const void* input);  // at::Tensor*
// The kinds of all nodes of all functions that the program holds, one a line: `aten::conv2d`, `prim::If`.
char* esr_script_kinds(void* module);
// A number for the values of all attributes and constants; tensors count by address and version.
int esr_script_state(void* module, uint64_t* state);
// Calls `visit` for each parameter and buffer; `tensor` is a new at::Tensor* that the visitor owns.
int esr_script_variables(void* module, void* context, void (*visit)(void* context, const char* name, int buffer, void* tensor));

#ifdef __cplusplus
}
#endif
