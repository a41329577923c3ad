/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C: the first SIGINT asks a command to end early with what there is; the second ends the process at once. One per process. */
#ifndef MC_CLI_INTERRUPT_H
#define MC_CLI_INTERRUPT_H

#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>

/* Set once by the handler; what runs long and is no part of cli/ gets a pointer to it. */
extern volatile sig_atomic_t mc_interrupted;
/* Posted by the handler, and by others who want mc_interrupt_wait to return. */
extern sem_t mc_interrupt_wake;

/* From now on. Where SIGINT is ignored (nohup, a shell's background) it stays so. System calls that wait are not taken up again, so
 * that nothing waits for a list on standard input for ever. */
void mc_interrupt_catch(void);
/* System calls that wait are taken up again: for when there are threads, which look at mc_interrupted. */
void mc_interrupt_restart_calls(void);
void mc_interrupt_release(void); /* what SIGINT did before */

#endif
