/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* sched_getaffinity, qsort_r */
#include "cli/scan_jobs.h"

#include "cli/command.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
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
    pthread_mutex_t lock;  /* of what follows */
    bool *finished;        /* by item */
    size_t handed_over;    /* items before this one were given to `done` */
    bool closed;           /* nothing more is given */
};

struct visit {
    const struct mc_scan_jobs *jobs;
    size_t index;
};

/* What the signal handler may touch. */
static volatile sig_atomic_t interrupted;
static sem_t wake; /* posted once by each worker that ends, and by the handler */

static void take_signal(int signal)
{
    (void)signal;
    interrupted = 1;
    sem_post(&wake);
}

/* Where SIGINT is ignored (nohup, a shell's background) it stays so. */
static void catch_interrupt(struct sigaction *ret_before)
{
    struct sigaction action = {.sa_handler = take_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    interrupted = 0;
    sem_init(&wake, 0, 0);
    if (sigaction(SIGINT, NULL, ret_before) == 0 && ret_before->sa_handler != SIG_IGN)
        sigaction(SIGINT, &action, NULL);
}

unsigned mc_cpu_count(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (unsigned)count : 1;
}

static void emit(void *context, struct mc_file_result *result)
{
    const struct visit *visit = context;
    visit->jobs->visit(visit->jobs->context, visit->index, result);
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
    struct pool *pool = argument;
    const struct mc_scan_jobs *jobs = &pool->jobs;
    for (size_t i; !interrupted && (i = atomic_fetch_add(&pool->next, 1)) < jobs->count;) {
        struct visit visit = {jobs, pool->order[i]};
        const struct mc_input *item = &jobs->items[visit.index];
        if (pool->cache)
            mc_cached_scan(pool->cache, item, emit, &visit);
        else
            mc_scan_input(item, &pool->options, emit, &visit);
        finish(pool, visit.index);
    }
    sem_post(&wake);
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

/* Starts up to `wanted` workers. When the system refuses more, those that run do all the work. */
static size_t start_workers(struct pool *pool, pthread_t *threads, size_t wanted)
{
    pthread_attr_t attributes;
    size_t started = 0;
    if (pthread_attr_init(&attributes) != 0)
        return 0;
    bool roomy = pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0;
    while (roomy && started < wanted && pthread_create(&threads[started], &attributes, work, pool) == 0)
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
    for (size_t ended = 0; ended < count && !interrupted;)
        ended += sem_wait(&wake) == 0;
}

/* Gives away what is finished, though something before it is not. Returns how many items are not. */
static size_t close_early(struct pool *pool)
{
    size_t left = 0;
    pthread_mutex_lock(&pool->lock);
    pool->closed = true;
    for (size_t i = pool->handed_over; i < pool->jobs.count; i++)
        if (pool->finished[i])
            pool->jobs.done(pool->jobs.context, i);
        else
            left++;
    pthread_mutex_unlock(&pool->lock);
    if (pool->cache)
        mc_cached_scans_finish(pool->cache);
    return left;
}

static void free_pool(struct pool *pool)
{
    close_cache(pool);
    mc_providers_free(pool->options.providers);
    pthread_mutex_destroy(&pool->lock);
    free(pool->finished);
    free(pool->order);
    free(pool);
}

size_t mc_scan_jobs_run(const struct mc_scan_jobs *jobs)
{
    struct pool *pool = mc_realloc(NULL, 1, sizeof *pool); /* it may outlive this call: see the header */
    struct sigaction before;
    *pool = (struct pool){.jobs = *jobs, .order = order_of_work(jobs), .options = *jobs->options};
    pool->options.providers = mc_providers_new(jobs->root ? jobs->root : "");
    if (!jobs->no_cache)
        pool->cache = mc_cached_scans_new(NULL, &pool->options, jobs->items, jobs->count);
    mallopt(M_MMAP_THRESHOLD, OWN_MAPPING);
    pthread_mutex_init(&pool->lock, NULL);
    pool->finished = mc_realloc(NULL, jobs->count + 1, sizeof *pool->finished);
    memset(pool->finished, 0, (jobs->count + 1) * sizeof *pool->finished);
    size_t wanted = jobs->threads ? jobs->threads : mc_cpu_count();
    if (wanted > jobs->count)
        wanted = jobs->count;
    pthread_t *threads = mc_realloc(NULL, wanted + 1, sizeof *threads);
    catch_interrupt(&before);
    size_t started = start_workers(pool, threads, wanted);
    if (!started)
        work(pool);
    wait_for(started);
    size_t left = interrupted ? close_early(pool) : 0;
    sigaction(SIGINT, &before, NULL);
    if (left)
        return left;
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    free_pool(pool);
    return 0;
}
