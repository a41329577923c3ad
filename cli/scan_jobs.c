/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* sched_getaffinity, qsort_r */
#include "cli/scan_jobs.h"

#include "cli/command.h"
#include "cli/interrupt.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define OWN_MAPPING (1 << 20) /* bytes: larger blocks go back to the system when freed. glibc would raise this as it goes */
#define STACK_SIZE ((size_t)64 << 20) /* the proof recurses along paths of the program; untouched pages cost nothing */

struct pool {
    struct mc_scan_jobs jobs;
    struct mc_scan_options options; /* the jobs', with what other files say */
    struct mc_cached_scans *cache; /* NULL: none */
    size_t *order;         /* indices of items, largest first */
    atomic_size_t next;    /* in `order` */
    struct worker *workers;
    size_t worker_count;
    pthread_mutex_t lock;  /* of what follows */
    bool *finished;        /* by item */
    bool *begun;           /* by item: it was visited; under the worker's lock */
    size_t handed_over;    /* items before this one were given to `done` */
    bool closed;           /* nothing more is given; set under all locks */
};

struct worker {
    struct pool *pool;
    pthread_mutex_t lock; /* held while it visits: what has been visited can be looked at in between */
    size_t index;         /* of the item at hand */
};

unsigned mc_cpu_count(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (unsigned)count : 1;
}

static void emit(void *context, struct mc_file_result *result)
{
    struct worker *worker = context;
    struct pool *pool = worker->pool;
    pthread_mutex_lock(&worker->lock);
    if (!pool->closed) {
        pool->begun[worker->index] = true;
        pool->jobs.visit(pool->jobs.context, worker->index, result);
    }
    pthread_mutex_unlock(&worker->lock);
    mc_file_result_free(result);
}

static void finish(struct pool *pool, size_t index)
{
    const struct mc_scan_jobs *jobs = &pool->jobs;
    pthread_mutex_lock(&pool->lock);
    if (!pool->closed) {
        pool->finished[index] = true;
        mc_progress_step(jobs->progress, &jobs->items[index]);
        while (pool->handed_over < jobs->count && pool->finished[pool->handed_over])
            jobs->done(jobs->context, pool->handed_over++);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    const struct mc_scan_jobs *jobs = &pool->jobs;
    for (size_t i; !mc_interrupted && (i = atomic_fetch_add(&pool->next, 1)) < jobs->count;) {
        worker->index = pool->order[i];
        const struct mc_input *item = &jobs->items[worker->index];
        if (pool->cache)
            mc_cached_scan(pool->cache, item, emit, worker);
        else
            mc_scan_input(item, &pool->options, emit, worker);
        finish(pool, worker->index);
    }
    sem_post(&mc_interrupt_wake);
    return NULL;
}

static int larger_first(const void *a, const void *b, void *context)
{
    const struct mc_input *items = ((const struct mc_scan_jobs *)context)->items;
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    if (items[x].size != items[y].size)
        return items[x].size < items[y].size ? 1 : -1;
    return x < y ? -1 : x > y;
}

static size_t *order_of_work(const struct mc_scan_jobs *jobs)
{
    struct mc_scan_jobs copy = *jobs; /* qsort_r's context is not const */
    size_t *order = mc_realloc(NULL, jobs->count + 1, sizeof *order);
    for (size_t i = 0; i < jobs->count; i++)
        order[i] = i;
    qsort_r(order, jobs->count, sizeof *order, larger_first, &copy);
    return order;
}

/* Starts as many workers as can be had. When the system refuses more, those that run do all the work. */
static size_t start_workers(struct pool *pool, pthread_t *threads)
{
    pthread_attr_t attributes;
    size_t started = 0;
    if (pthread_attr_init(&attributes) != 0)
        return 0;
    bool roomy = pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0;
    while (roomy && started < pool->worker_count &&
           pthread_create(&threads[started], &attributes, work, &pool->workers[started]) == 0)
        started++;
    pthread_attr_destroy(&attributes);
    return started;
}

static void close_cache(struct pool *pool)
{
    bool rebuilt;
    if (!pool->cache)
        return;
    mc_cached_scans_finish(pool->cache);
    const char *notice = mc_cached_scans_notice(pool->cache, &rebuilt);
    if (notice && (rebuilt || pool->jobs.verbose))
        mc_warn("%s", notice);
    mc_cached_scans_free(pool->cache);
}

/* Until all workers have ended, or the user has had enough. */
static void wait_for(size_t count)
{
    for (size_t ended = 0; ended < count && !mc_interrupted;)
        ended += sem_wait(&mc_interrupt_wake) == 0;
}

static bool has_one_result(const struct mc_input *item)
{
    return !mc_input_is_container(item->kind) && item->kind != MC_INPUT_ARCHIVE;
}

/* Gives away what is finished, though something before it is not, and what was seen of archives that are not. Waits for what is
 * being visited at the moment, for nothing else. Returns how many items are not finished. */
static size_t close_early(struct pool *pool)
{
    size_t left = 0;
    for (size_t i = 0; i < pool->worker_count; i++)
        pthread_mutex_lock(&pool->workers[i].lock);
    pthread_mutex_lock(&pool->lock);
    pool->closed = true;
    for (size_t i = pool->handed_over; i < pool->jobs.count; i++) {
        bool finished = pool->finished[i] || (pool->begun[i] && has_one_result(&pool->jobs.items[i]));
        left += !finished;
        if (finished)
            pool->jobs.done(pool->jobs.context, i);
        else if (pool->begun[i] && pool->jobs.part)
            pool->jobs.part(pool->jobs.context, i);
    }
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->worker_count; i++)
        pthread_mutex_unlock(&pool->workers[i].lock);
    if (pool->cache)
        mc_cached_scans_finish(pool->cache);
    return left;
}

static bool *flags(size_t count)
{
    bool *items = mc_realloc(NULL, count + 1, sizeof *items);
    memset(items, 0, (count + 1) * sizeof *items);
    return items;
}

static void free_pool(struct pool *pool)
{
    close_cache(pool);
    mc_providers_free(pool->options.providers);
    pthread_mutex_destroy(&pool->lock);
    for (size_t i = 0; i < pool->worker_count; i++)
        pthread_mutex_destroy(&pool->workers[i].lock);
    free(pool->workers);
    free(pool->finished);
    free(pool->begun);
    free(pool->order);
    free(pool);
}

/* It may outlive the call that makes it: see the header. */
static struct pool *new_pool(const struct mc_scan_jobs *jobs)
{
    struct pool *pool = mc_realloc(NULL, 1, sizeof *pool);
    *pool = (struct pool){.jobs = *jobs, .order = order_of_work(jobs), .options = *jobs->options};
    pool->options.providers = mc_providers_new(jobs->root ? jobs->root : "");
    if (!jobs->no_cache)
        pool->cache = mc_cached_scans_new(NULL, &pool->options, jobs->items, jobs->count);
    pthread_mutex_init(&pool->lock, NULL);
    pool->finished = flags(jobs->count);
    pool->begun = flags(jobs->count);
    pool->worker_count = jobs->threads ? jobs->threads : mc_cpu_count();
    if (pool->worker_count > jobs->count)
        pool->worker_count = jobs->count;
    pool->workers = mc_realloc(NULL, pool->worker_count + 1, sizeof *pool->workers);
    for (size_t i = 0; i < pool->worker_count; i++) {
        pool->workers[i] = (struct worker){.pool = pool};
        pthread_mutex_init(&pool->workers[i].lock, NULL);
    }
    return pool;
}

size_t mc_scan_jobs_run(const struct mc_scan_jobs *jobs)
{
    struct pool *pool = new_pool(jobs);
    mallopt(M_MMAP_THRESHOLD, OWN_MAPPING);
    pthread_t *threads = mc_realloc(NULL, pool->worker_count + 1, sizeof *threads);
    mc_interrupt_catch();
    mc_interrupt_restart_calls();
    size_t started = start_workers(pool, threads);
    if (!started && pool->worker_count)
        work(&pool->workers[0]);
    wait_for(started);
    size_t left = mc_interrupted ? close_early(pool) : 0;
    mc_interrupt_release();
    if (left)
        return left;
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    free_pool(pool);
    return 0;
}
