#ifndef DISTILL_POOL_H
#define DISTILL_POOL_H

#pragma clang assume_nonnull begin

/// A fork-join pool. Each thread, the caller being one, begins with a stretch of consecutive parts, the same stretch in every
/// region of as many parts, and then takes parts of those that are behind.
typedef struct distill_pool distill_pool;

/// NULL when `threads` is not positive or the system gives no memory or threads.
distill_pool *_Nullable distill_pool_create(int threads);

/// Stops the workers and frees the pool. No region may be running.
void distill_pool_destroy(distill_pool *pool);

int distill_pool_threads(const distill_pool *pool);

/// Runs body(context, p) for every 0 ≤ p < parts on at most `threads` threads and returns when all are done. Who runs a part
/// depends on timing, so no part may depend on who runs it. Any thread may call it: from within a body, or while another
/// thread's region is running, all parts run on the caller, in order, so that threads never nest.
void distill_pool_run(
    distill_pool *pool, int threads, int parts, void (*_Nonnull body)(void *_Nullable context, int part),
    void *_Nullable context);

#pragma clang assume_nonnull end

#endif
