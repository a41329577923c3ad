/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/interrupt.h"

#include <stddef.h>

volatile sig_atomic_t mc_interrupted;
sem_t mc_interrupt_wake;
static struct sigaction before;
static bool caught;

static void take_signal(int signal)
{
    (void)signal;
    mc_interrupted = 1;
    sem_post(&mc_interrupt_wake);
}

static void install(int flags)
{
    struct sigaction action = {.sa_handler = take_signal, .sa_flags = (int)SA_RESETHAND | flags};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

void mc_interrupt_catch(void)
{
    if (caught)
        return;
    mc_interrupted = 0;
    sem_init(&mc_interrupt_wake, 0, 0);
    caught = sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler != SIG_IGN;
    if (caught)
        install(0);
}

void mc_interrupt_restart_calls(void)
{
    if (caught && !mc_interrupted) /* else the next one ends the process */
        install(SA_RESTART);
}

void mc_interrupt_release(void)
{
    if (caught)
        sigaction(SIGINT, &before, NULL);
    caught = false;
}
