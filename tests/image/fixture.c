/* SPDX-License-Identifier: Apache-2.0 */
/* Something of everything that an image has to show; built as object, library and program by tests/image/CMakeLists.txt. */
#include <stdio.h>

extern int missing_function(int);
extern int missing_data;
int caller(int);

static int hidden_state = 3;
int common_counter;
__thread int thread_counter = 5;

__attribute__((noinline)) static int helper_one(int value)
{
    hidden_state += value;
    return hidden_state;
}

__attribute__((noinline)) static int helper_two(int value)
{
    return helper_one(value) * thread_counter;
}

int (*const table[])(int) = {helper_two, helper_one, helper_two};
int *const pointer = &common_counter;

static int chosen(int value)
{
    return value + 1;
}

__attribute__((used)) static int (*choose(void))(int)
{
    return chosen;
}

int dispatched(int value) __attribute__((ifunc("choose")));

__attribute__((constructor)) static void start_early(void)
{
    common_counter = 1;
}

__attribute__((destructor)) static void end_late(void)
{
    common_counter = 0;
}

/* Calls, in this order: helper_one, missing_function, puts. */
__attribute__((noinline)) int caller(int value)
{
    value = helper_one(value);
    value += missing_function(value);
    puts("called");
    return value + missing_data;
}

int main(int count, char **arguments)
{
    fputs(arguments[0], stdout);
    return caller(count) + dispatched(count) + table[count % 3](count) + *pointer;
}
