#ifndef DISTILL_POOL_H
#define DISTILL_POOL_H

#pragma clang assume_nonnull begin

/// A fork-join pool of threads, one of which is the caller.
///
/// A parallel region consists of numbered parts. Each thread starts with its own range of consecutive parts, which is the same
/// in every region with as many parts, so that the data of those parts may still be in its cache. A thread that has finished
/// its range takes parts from the ranges of slower threads.
typedef struct distill_pool distill_pool;

/// Creates a pool. Returns NULL if `threads` is not positive, or if the system refuses memory or threads.
distill_pool *_Nullable distill_pool_create(int threads);

/// Stops the workers and frees the pool. No region may be running.
void distill_pool_destroy(distill_pool *pool);

/// Returns the number of threads, including the caller.
int distill_pool_threads(const distill_pool *pool);

/// Runs body(context, p) for every 0 ≤ p < parts on at most `threads` threads, and returns when all parts are done.
///
/// Timing decides which thread runs a part, so the result of a part must not depend on its thread. Any thread may call this
/// function. Within a body, or while the region of another thread is running, the caller runs all parts itself, in order, so
/// that regions never nest.
void distill_pool_run(
    distill_pool *pool, int threads, int parts, void (*_Nonnull body)(void *_Nullable context, int part),
    void *_Nullable context);

#pragma clang assume_nonnull end

#endif
