// A pool for short parallel loops: workers spin for some microseconds, then sleep, so that an idle
// process costs nothing and a busy one pays no system call per loop.
#include "CKernels.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SPIN_LIMIT = 2000 };

struct member {
    pt_pool *pool;
    pthread_t thread;
    long number;
};

struct pt_pool {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct member *members;
    int member_count;
    // Written under the lock; generation and active are also polled without it while spinning.
    _Atomic long generation, active;
    int open, sleepers, stopping;
    void (*fn)(void *, long, long);
    void *context;
    long count;
    _Atomic long next;
};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void spin_while_equal(_Atomic long *value, long old) {
    for (int i = 0; i < SPIN_LIMIT; i++) {
        if (atomic_load_explicit(value, memory_order_acquire) != old) return;
        pause_briefly();
    }
}

static void spin_until_zero(_Atomic long *value) {
    for (int i = 0; i < SPIN_LIMIT; i++) {
        if (atomic_load_explicit(value, memory_order_acquire) == 0) return;
        pause_briefly();
    }
}

static void run_indices(pt_pool *p, void (*fn)(void *, long, long), void *context, long count,
                        long thread) {
    for (;;) {
        long i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        if (i >= count) return;
        fn(context, i, thread);
    }
}

static void *worker(void *argument) {
    const struct member *me = argument;
    pt_pool *p = me->pool;
    long seen = 0;
    for (;;) {
        spin_while_equal(&p->generation, seen);
        pthread_mutex_lock(&p->lock);
        while (!p->stopping && (!p->open || p->generation == seen)) {
            seen = p->generation;
            p->sleepers++;
            pthread_cond_wait(&p->work, &p->lock);
            p->sleepers--;
        }
        if (p->stopping) {
            pthread_mutex_unlock(&p->lock);
            return NULL;
        }
        seen = p->generation;
        p->active++;
        void (*fn)(void *, long, long) = p->fn;
        void *context = p->context;
        long count = p->count;
        pthread_mutex_unlock(&p->lock);

        run_indices(p, fn, context, count, me->number);

        pthread_mutex_lock(&p->lock);
        if (--p->active == 0) pthread_cond_signal(&p->done);
        pthread_mutex_unlock(&p->lock);
    }
}

pt_pool *pt_pool_create(int threads) {
    pt_pool *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    p->members = calloc(threads > 1 ? (size_t)threads - 1 : 1, sizeof *p->members);
    for (int i = 1; p->members && i < threads; i++) {
        struct member *m = &p->members[p->member_count];
        *m = (struct member){.pool = p, .number = i};
        if (pthread_create(&m->thread, NULL, worker, m) != 0) break;
        p->member_count++;
    }
    return p;
}

void pt_pool_destroy(pt_pool *p) {
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->stopping = 1;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->member_count; i++) pthread_join(p->members[i].thread, NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->done);
    free(p->members);
    free(p);
}

void pt_pool_run(pt_pool *p, long count, void (*fn)(void *, long, long), void *context) {
    if (count <= 1 || p->member_count == 0) {
        for (long i = 0; i < count; i++) fn(context, i, 0);
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->fn = fn;
    p->context = context;
    p->count = count;
    p->next = 0;
    p->open = 1;
    atomic_fetch_add_explicit(&p->generation, 1, memory_order_release);
    if (p->sleepers > 0) pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);

    run_indices(p, fn, context, count, 0);

    pthread_mutex_lock(&p->lock);
    p->open = 0;
    if (p->active > 0) {
        pthread_mutex_unlock(&p->lock);
        spin_until_zero(&p->active);
        pthread_mutex_lock(&p->lock);
    }
    while (p->active > 0) pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}
