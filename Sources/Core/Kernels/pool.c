#include "distill_pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/// How long a thread spins before it sleeps. Waking a sleeping thread is slow, so this is longer than the serial code between
/// two regions of a training step, but too short to matter on an idle machine.
enum { spin_nanoseconds = 30000, pauses_between_clocks = 32 };

/// A word that one thread waits for. The thread spins for a while and then sleeps until another thread changes the word.
///
/// The alignment keeps words of different threads out of the same cache lines.
typedef struct {
  _Alignas(128) atomic_uint word;
  atomic_bool asleep;
  pthread_mutex_t lock;
  pthread_cond_t changed;
} mailbox;

/// The range of parts that is left of a thread's share: the first part in the low half of the word, the end in the high half.
/// Both are in one word so that a single atomic operation can take a part from either end.
typedef struct {
  _Alignas(128) atomic_ullong left;
} share;

typedef struct {
  mailbox orders;  // the number of regions that this worker was called to, plus one when the pool is stopping
  distill_pool *pool;
  int index;
  pthread_t thread;
} worker;

struct distill_pool {
  mailbox inside;  // the number of workers in the region, and the bit `door_is_open`
  atomic_bool busy;
  atomic_bool stopping;
  int threads;
  bool spins;
  // The current region. Only workers that are counted by `inside` may read these three.
  int participants;
  void (*body)(void *, int);
  void *context;
  share *shares;    // one for each thread
  worker *workers;  // threads - 1 of them, because the caller is a thread of the pool, too
};

/// Set while a region admits workers. In the same word as their number, so that none can enter after the caller has looked.
static const unsigned door_is_open = 1u << 31;

static void mailbox_init(mailbox *box) {
  atomic_init(&box->word, 0);
  atomic_init(&box->asleep, false);
  pthread_mutex_init(&box->lock, NULL);
  pthread_cond_init(&box->changed, NULL);
}

static void mailbox_destroy(mailbox *box) {
  pthread_mutex_destroy(&box->lock);
  pthread_cond_destroy(&box->changed);
}

/// Wakes the waiting thread. Must be called after the word has changed. The word and the flag are both sequentially consistent,
/// so either the waiter sees the new word before it sleeps, or this function sees that it sleeps.
static void mailbox_wake(mailbox *box) {
  if (!atomic_load(&box->asleep)) return;
  pthread_mutex_lock(&box->lock);
  pthread_cond_signal(&box->changed);
  pthread_mutex_unlock(&box->lock);
}

static long long nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

/// Waits until (word == value) == equal.
static void mailbox_wait(mailbox *box, unsigned value, bool equal, bool spins) {
  if (spins) {
    const long long deadline = nanoseconds() + spin_nanoseconds;
    do {
      for (int i = 0; i < pauses_between_clocks; i++) {
        if ((atomic_load_explicit(&box->word, memory_order_acquire) == value) == equal) return;
        pause_briefly();
      }
    } while (nanoseconds() < deadline);
  }
  pthread_mutex_lock(&box->lock);
  atomic_store(&box->asleep, true);
  while ((atomic_load(&box->word) == value) != equal) pthread_cond_wait(&box->changed, &box->lock);
  atomic_store(&box->asleep, false);
  pthread_mutex_unlock(&box->lock);
}

static unsigned long long parts_between(unsigned first, unsigned end) { return (unsigned long long)end << 32 | first; }

/// Takes a part from a share, or returns false if it is empty. The owner takes the first part and the others take the last, so
/// that they work on the same data as late as possible.
static bool take(share *share, bool owned, int *part) {
  unsigned long long left = atomic_load(&share->left), rest;
  do {
    const unsigned first = (unsigned)left, end = (unsigned)(left >> 32);
    if (first == end) return false;
    *part = (int)(owned ? first : end - 1);
    rest = owned ? parts_between(first + 1, end) : parts_between(first, end - 1);
  } while (!atomic_compare_exchange_weak(&share->left, &left, rest));
  return true;
}

/// Runs the thread's own parts, and then parts of the other threads.
static void run_parts(distill_pool *pool, int index) {
  int part;
  for (int i = 0; i < pool->participants; i++)
    while (take(&pool->shares[(index + i) % pool->participants], i == 0, &part)) pool->body(pool->context, part);
}

/// Counts a worker in, or returns false if the region no longer admits any. The caller therefore never waits for a worker that
/// wakes late, for example because another program occupied its core.
static bool enter(distill_pool *pool) {
  unsigned inside = atomic_load(&pool->inside.word);
  do
    if (!(inside & door_is_open)) return false;
  while (!atomic_compare_exchange_weak(&pool->inside.word, &inside, inside + 1));
  return true;
}

static void leave(distill_pool *pool) {
  if (atomic_fetch_sub(&pool->inside.word, 1) == 1) mailbox_wake(&pool->inside);
}

static void *worker_main(void *argument) {
  worker *self = argument;
  distill_pool *pool = self->pool;
  for (unsigned seen = 0;;) {
    mailbox_wait(&self->orders, seen, false, pool->spins);
    seen = atomic_load(&self->orders.word);
    if (atomic_load(&pool->stopping)) return NULL;
    if (!enter(pool)) continue;
    // A late worker may have been called to an earlier region with more participants than this one.
    if (self->index < pool->participants) run_parts(pool, self->index);
    leave(pool);
  }
}

/// Calls a worker to a region, or to its end if the pool is stopping.
static void order(worker *worker) {
  atomic_fetch_add(&worker->orders.word, 1);
  mailbox_wake(&worker->orders);
}

/// Stops and joins the first `count` workers and frees everything.
static void dismantle(distill_pool *pool, int count) {
  atomic_store(&pool->stopping, true);
  for (int i = 0; i < count; i++) {
    order(&pool->workers[i]);
    pthread_join(pool->workers[i].thread, NULL);
    mailbox_destroy(&pool->workers[i].orders);
  }
  mailbox_destroy(&pool->inside);
  free(pool->shares);
  free(pool->workers);
  free(pool);
}

static void *aligned_zeroes(size_t size) {
  void *memory = NULL;
  if (posix_memalign(&memory, _Alignof(mailbox), size) != 0) return NULL;
  return __builtin_memset(memory, 0, size);
}

distill_pool *distill_pool_create(int threads) {
  if (threads < 1) return NULL;
  distill_pool *pool = aligned_zeroes(sizeof *pool);
  if (pool == NULL) return NULL;
  mailbox_init(&pool->inside);
  pool->threads = threads;
  // With more threads than cores, a spinning thread would keep a working one off its core.
  pool->spins = threads <= sysconf(_SC_NPROCESSORS_ONLN);
  pool->shares = aligned_zeroes((size_t)threads * sizeof(share));
  pool->workers = aligned_zeroes((size_t)threads * sizeof(worker));
  if (pool->shares == NULL || pool->workers == NULL) {
    dismantle(pool, 0);
    return NULL;
  }
  // The workers block all signals, so that the program's own threads receive them.
  sigset_t all, previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  int started = 0;
  for (; started < threads - 1; started++) {
    worker *worker = &pool->workers[started];
    mailbox_init(&worker->orders);
    worker->pool = pool;
    worker->index = started + 1;
    if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
      mailbox_destroy(&worker->orders);
      break;
    }
  }
  pthread_sigmask(SIG_SETMASK, &previous, NULL);
  if (started < threads - 1) {
    dismantle(pool, started);
    return NULL;
  }
  return pool;
}

void distill_pool_destroy(distill_pool *pool) { dismantle(pool, pool->threads - 1); }

int distill_pool_threads(const distill_pool *pool) { return pool->threads; }

void distill_pool_run(distill_pool *pool, int threads, int parts, void (*body)(void *, int), void *context) {
  if (threads > pool->threads) threads = pool->threads;
  if (threads > parts) threads = parts;
  if (threads < 2 || atomic_exchange(&pool->busy, true)) {
    for (int part = 0; part < parts; part++) body(context, part);
    return;
  }
  pool->participants = threads;
  pool->body = body;
  pool->context = context;
  for (long long i = 0; i < threads; i++)
    atomic_store_explicit(
        &pool->shares[i].left, parts_between((unsigned)(parts * i / threads), (unsigned)(parts * (i + 1) / threads)),
        memory_order_relaxed);
  atomic_store(&pool->inside.word, door_is_open);
  for (int i = 0; i < threads - 1; i++) order(&pool->workers[i]);
  run_parts(pool, 0);
  // The door is closed when no part is left to take. Workers that are still inside are finishing their last part.
  if (atomic_fetch_and(&pool->inside.word, ~door_is_open) != door_is_open)
    mailbox_wait(&pool->inside, 0, true, pool->spins);
  atomic_store(&pool->busy, false);
}
