#include "distill_pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/// How long a thread spins before it sleeps: longer than the serial stretch between two regions of a training step,
/// shorter than anyone would notice on an idle machine.
enum { spin_nanoseconds = 30000, pauses_between_clocks = 32 };

/// A word that one thread waits for: it spins for a while, then sleeps until another thread changes the word.
typedef struct {
  _Alignas(128) atomic_uint word;
  atomic_bool asleep;
  pthread_mutex_t lock;
  pthread_cond_t changed;
} mailbox;

typedef struct {
  mailbox orders;  // counts the regions that this worker takes part in; `stop` ends it
  distill_pool *pool;
  int index;
  pthread_t thread;
} worker;

struct distill_pool {
  mailbox unfinished;  // workers that still run parts of the region
  atomic_bool busy;
  atomic_bool stopping;
  int threads;
  bool spins;
  int parts;
  void (*body)(void *, int);
  void *context;
  worker *workers;  // threads - 1 of them; the caller is the remaining one
};

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

/// Call after the word has changed. The word and the flag are both sequentially consistent: either the waiter sees the
/// new word before it sleeps, or we see that it sleeps.
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

static void run_share(distill_pool *pool, int index) {
  for (int part = index; part < pool->parts; part += pool->threads) pool->body(pool->context, part);
}

static void *worker_main(void *argument) {
  worker *self = argument;
  distill_pool *pool = self->pool;
  for (unsigned seen = 0;; seen++) {
    mailbox_wait(&self->orders, seen, false, pool->spins);
    if (atomic_load(&pool->stopping)) return NULL;
    run_share(pool, self->index);
    if (atomic_fetch_sub(&pool->unfinished.word, 1) == 1) mailbox_wake(&pool->unfinished);
  }
}

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
  mailbox_destroy(&pool->unfinished);
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
  mailbox_init(&pool->unfinished);
  pool->threads = threads;
  pool->spins = threads <= sysconf(_SC_NPROCESSORS_ONLN);  // else a spinning thread keeps a working one off its core
  pool->workers = aligned_zeroes((size_t)threads * sizeof(worker));
  if (pool->workers == NULL) {
    dismantle(pool, 0);
    return NULL;
  }
  // Signals belong to the threads of the program, not to ours.
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

void distill_pool_run(distill_pool *pool, int parts, void (*body)(void *, int), void *context) {
  if (pool->threads == 1 || parts < 2 || atomic_exchange(&pool->busy, true)) {
    for (int part = 0; part < parts; part++) body(context, part);
    return;
  }
  pool->parts = parts;
  pool->body = body;
  pool->context = context;
  const int helpers = (parts < pool->threads ? parts : pool->threads) - 1;
  atomic_store(&pool->unfinished.word, (unsigned)helpers);
  for (int i = 0; i < helpers; i++) order(&pool->workers[i]);
  run_share(pool, 0);
  mailbox_wait(&pool->unfinished, 0, true, pool->spins);
  atomic_store(&pool->busy, false);
}
