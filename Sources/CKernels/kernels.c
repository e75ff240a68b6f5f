// Compiles kernels.inc once per instruction set and chooses at run time by what the processor has.
#include "CKernels.h"
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// Sixteen floats: one AVX-512 register, two of AVX2, four of SSE; loads need no alignment.
typedef float lanes __attribute__((vector_size(64), aligned(4)));

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
#define K(name) PASTE(name, SUFFIX)

// Every instruction set says how many registers it has, how many floats each holds, and up to how many
// rows a product gains nothing by copying its second operand first.
#define SUFFIX _baseline
#define LEVEL_NAME "baseline"
#define REGISTER_FLOATS 4
#define FEW_ROWS_MAX 16
#if defined(__aarch64__)
#define REGISTERS 32
#else
#define REGISTERS 16
#endif
#include "kernels.inc"
#undef SUFFIX
#undef LEVEL_NAME
#undef REGISTER_FLOATS
#undef FEW_ROWS_MAX
#undef REGISTERS

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2"))), apply_to = function)
#define SUFFIX _avx2
#define LEVEL_NAME "avx2"
#define REGISTER_FLOATS 8
#define FEW_ROWS_MAX 32
#define REGISTERS 16
#define PRODUCT_ROWS 4
#define PRODUCT_VECTORS 1
#include "kernels.inc"
#undef SUFFIX
#undef LEVEL_NAME
#undef REGISTER_FLOATS
#undef FEW_ROWS_MAX
#undef REGISTERS
#undef PRODUCT_ROWS
#undef PRODUCT_VECTORS
#pragma clang attribute pop

#pragma clang attribute push(                                                                   \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,f16c,bmi2"))),           \
    apply_to = function)
#define SUFFIX _avx512
#define LEVEL_NAME "avx512"
#define REGISTER_FLOATS 16
#define FEW_ROWS_MAX 128
#define REGISTERS 32
#define PRODUCT_ROWS 8
#define PRODUCT_VECTORS 3
#include "kernels.inc"
#undef SUFFIX
#undef LEVEL_NAME
#pragma clang attribute pop

#pragma clang attribute push(                                                                   \
    __attribute__((target("avx512bf16,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))),          \
    apply_to = function)
#define SUFFIX _bf16
#define BF16_PRODUCTS
#include "kernels/products.inc"
#undef SUFFIX
#pragma clang attribute pop
#endif

const pt_kernels *pt_kernels_at(int level) {
    if (level == 0) return &table_baseline;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (level == 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2"))
        return &table_avx2;
    if (level == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        return &table_avx512;
#endif
    return NULL;
}

const pt_products *pt_bf16_products(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (pt_kernels_at(2) && __builtin_cpu_supports("avx512bf16")) return &products_bf16;
#endif
    return NULL;
}
