// Vector loops of the CPU backend, compiled once per instruction set, and the pool of threads
// that runs them. Knows nothing of tensors, tapes or tasks: only pointers, counts and strides (in
// floats).
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Products of packed panels. A line of a panel holds `depths` depths of its rows of A or columns
/// of B in 32-bit elements.
typedef struct pt_products {
    /// The tile of C that `multiply_block` forms in registers: as many rows of A, or columns of B,
    /// make a panel.
    long rows, columns, depths;
    /// Packs `count` rows of A, or columns of B where `wide`, over `depth`. Element (i, k) lies at
    /// x[i·stride + k] where depth is contiguous, else at x[k·stride + i]. What a last, partial
    /// panel lacks has no meaning.
    void (*pack)(const float *x, long stride, int depth_contiguous, int wide, long count,
                 long depth, float *panels);
    /// c[rows, columns] (+)= a·b from consecutive panels of `depth`. Every number is one chain of
    /// fused multiplications and additions: no way of cutting C changes a bit.
    void (*multiply_block)(const float *a, const float *b, float *c, long ldc, long rows,
                           long columns, long depth, int accumulate);
    /// sums[rows, columns] += factor·φ(a·b) from consecutive panels of `depth`, φ the square or,
    /// where `magnitude`, the absolute value.
    void (*score_block)(const float *a, const float *b, float *sums, long ldc, long rows,
                        long columns, long depth, float factor, int magnitude);
} pt_products;

/// One instruction set's kernels. `long` counts elements; rows are contiguous unless a
/// stride is given.
typedef struct pt_kernels {
    const char *name;

    void (*add)(const float *a, const float *b, float *y, long n);
    void (*add_bias)(float *y, const float *bias, long rows, long columns);
    /// y (+)= column sums of x over rows.
    void (*column_sums)(const float *x, long ld, long rows, long columns, float *y,
                        int accumulate);
    /// y[ids[i]] += x[i] for `columns` floats of each row.
    void (*scatter_add)(const float *x, const int32_t *ids, long rows, long ld, long columns,
                        float *y);
    /// y = mean over rows of x.
    void (*mean_rows)(const float *x, long rows, long columns, float *y);
    /// y = scale · x for each of `rows` rows of y.
    void (*broadcast_row)(const float *x, float scale, long rows, long columns, float *y);
    double (*sum_squares)(const float *_Nonnull const *_Nonnull slots, long slot_count, long n);

    void (*rms_norm)(const float *x, const float *gain, float *y, long rows, long d, float eps);
    /// dx (+)=; dgain, where given, is overwritten with the sum over these rows.
    void (*rms_norm_backward)(const float *x, const float *gain, const float *dy,
                              float *_Nullable dx, int accumulate, float *_Nullable dgain, long rows, long d, float eps);
    void (*layer_norm)(const float *x, const float *gain, const float *bias, float *y, long rows,
                       long d, float eps);
    void (*layer_norm_backward)(const float *x, const float *gain, const float *dy,
                                float *_Nullable dx, int accumulate, float *_Nullable dgain,
                                float *_Nullable dbias, long rows, long d,
                                float eps);

    /// Tables are [positions, dim/2]; sign −1 turns the other way (the gradient).
    void (*rotary)(const float *x, float *y, const int32_t *positions, long rows, long heads,
                   long dim, const float *cosines, const float *sines, float sign, int interleaved);
    void (*swiglu)(const float *gate, const float *up, float *y, long n);
    void (*swiglu_backward)(const float *gate, const float *up, const float *dy, float *dgate,
                            float *dup, long n);
    void (*gelu)(const float *x, float *y, long n);
    void (*gelu_backward)(const float *x, const float *dy, float *dx, long n);
    void (*gelu_tanh)(const float *x, float *y, long n);
    void (*gelu_tanh_backward)(const float *x, const float *dy, float *dx, long n);
    void (*relu)(const float *x, float *y, long n);
    void (*relu_backward)(const float *x, const float *dy, float *dx, long n);
    void (*hyperbolic)(const float *x, float *y, long n);
    void (*hyperbolic_backward)(const float *x, const float *dy, float *dx, long n);
    /// y = a·b, elementwise.
    void (*multiply)(const float *a, const float *b, float *y, long n);
    /// Rows of `columns` floats from one stride to another; y (+)= x.
    void (*move_columns)(const float *x, long ldx, float *y, long ldy, long rows, long columns,
                         int accumulate);

    /// In place softmax of scale·s. Row i has min(width, length + i·step) entries, of which the
    /// last `window` count (0: all); the others become zero.
    void (*softmax)(float *s, long rows, long ld, long length, long step, long window, long width,
                    float scale);
    /// ds (given as dp) = scale · p ∘ (dp − Σ p∘dp), in place.
    void (*softmax_backward)(const float *p, float *dp, long rows, long ld, long width,
                             float scale);
    /// One query row against `length` keys: out = softmax(scale·q·Kᵀ)·V. scratch: length floats.
    void (*attention_row)(const float *q, const float *k, long k_stride, const float *v,
                          long v_stride, long length, long dim, float scale, float *scratch,
                          float *out);
    /// loss[i] = −log softmax(logits[i])[target]; with weights, logits become weightᵢ·∂lossᵢ.
    void (*cross_entropy)(float *logits, long rows, long classes, const int32_t *targets,
                          const float *_Nullable weights, float *loss);
    /// loss[i] = Σ over the row's columns of the cross-entropy of σ(logit) and the target; with
    /// weights, logits become weightᵢ·∂lossᵢ.
    void (*sigmoid_cross_entropy)(float *logits, long rows, long columns, const float *targets,
                                  const float *_Nullable weights, float *loss);
    /// loss[i] = Σ over the row's columns of (x − target)²; with weights, x becomes weightᵢ·∂lossᵢ.
    void (*squared_error)(float *x, long rows, long columns, const float *targets,
                          const float *_Nullable weights, float *loss);
    /// Rows up to which `few_rows` is faster than panels.
    long few_rows_max;
    /// y[rows, ldy] = x[rows, k] · w[outputs, k]ᵀ for few rows (memory bound).
    void (*few_rows)(const float *x, long ldx, const float *w, long ldw, float *y, long ldy,
                     long rows, long outputs, long k, int accumulate);
    /// value, first and second moment updated with gradient Σ scales[s]·slots[s], plus
    /// strength·precision·(value − center) where a precision is given.
    void (*adamw)(float *value, float *first, float *second,
                  const float *_Nonnull const *_Nonnull slots, const float *scales,
                  long slot_count, long n, const float *_Nullable precision,
                  const float *_Nullable center, float strength, float rate, float decay,
                  float beta1, float beta2, float epsilon, float correction1, float correction2);
    /// plain[i·count + j] += slots[i]·slots[j] for j ≥ i, count ≤ PT_SLOTS_MAX; with a second
    /// moment, scaled likewise with each product over √(second/correction) + epsilon.
    void (*gramian)(const float *_Nonnull const *_Nonnull slots, long count, long n,
                    const float *_Nullable second, float correction, float epsilon,
                    double *plain, double *_Nullable scaled);
    /// sum[i] += factor·x[i]², or factor·|x[i]| where `magnitude`.
    void (*add_scores)(const float *x, float factor, int magnitude, long n, float *sum);
    /// sum[i] += (before[i] − after[i])·Σ scales[s]·slots[s][i].
    void (*add_descent)(const float *before, const float *after,
                        const float *_Nonnull const *_Nonnull slots, const float *scales,
                        long slot_count, long n, float *sum);
    /// precision = decay·precision + added; center moves to the mean of it and value, weighted
    /// by their precisions.
    void (*join_quadratics)(float *precision, float *center, float decay, const float *added,
                            const float *value, long n);

    /// NULL where OpenBLAS does better.
    const pt_products *_Nullable products;
} pt_kernels;

/// Level 0 is the baseline of the target, 1 AVX2 with FMA, 2 AVX-512. NULL where this processor
/// cannot run it.
const pt_kernels *_Nullable pt_kernels_at(int level);
#define PT_KERNEL_LEVELS 3
/// Products whose factors are rounded to bfloat16 and whose sums are float32. NULL where this
/// processor has no instructions for them (AVX512_BF16).
const pt_products *_Nullable pt_bf16_products(void);
/// The most gradients that `gramian` compares.
#define PT_SLOTS_MAX 64

/// A fixed set of threads. The caller of `pt_pool_run` takes part, so `threads` 1 starts none.
typedef struct pt_pool pt_pool;
pt_pool *_Nullable pt_pool_create(int threads);
void pt_pool_destroy(pt_pool *pool);
/// Calls fn(context, 0 … count−1, thread), each once, on any thread, numbered from 0 (the caller);
/// returns when all have returned.
void pt_pool_run(pt_pool *pool, long count, void (*fn)(void *context, long index, long thread),
                 void *context);

#pragma clang assume_nonnull end
