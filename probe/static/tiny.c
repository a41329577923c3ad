/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/static/tiny.h"

#include <ctype.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *start = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return start;
}

void *memset(void *to, int value, size_t size)
{
    void *start = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return start;
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if ((uintptr_t)to <= (uintptr_t)from)
        return memcpy(to, from, size);
    for (volatile size_t i = size; i > 0; i--) /* volatile: or the compiler makes it a call of memmove */
        t[i - 1] = f[i - 1];
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < size; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

int bcmp(const void *a, const void *b, size_t size) /* what clang makes of a memcmp that asks for equality */
{
    return memcmp(a, b, size);
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t size)
{
    for (; size && *a && *a == *b; size--)
        a++, b++;
    return size ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *text, int c)
{
    for (;; text++) {
        if (*text == (char)c)
            return (char *)(uintptr_t)text;
        if (!*text)
            return NULL;
    }
}

void *memchr(const void *bytes, int c, size_t size)
{
    for (const unsigned char *at = bytes; size; at++, size--)
        if (*at == (unsigned char)c)
            return (void *)(uintptr_t)at;
    return NULL;
}

size_t strcspn(const char *text, const char *reject)
{
    size_t length = 0;
    while (text[length] && !strchr(reject, text[length]))
        length++;
    return length;
}

size_t strspn(const char *text, const char *accept)
{
    size_t length = 0;
    while (text[length] && strchr(accept, text[length]))
        length++;
    return length;
}

int tolower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

int pthread_once(pthread_once_t *once, void (*run)(void))
{
    if (*once == PTHREAD_ONCE_INIT) {
        *once = 1;
        run();
    }
    return 0;
}

struct sink {
    char *text;
    size_t size, length; /* length goes on counting beyond size */
};

static void put(struct sink *sink, char c)
{
    if (sink->length + 1 < sink->size)
        sink->text[sink->length] = c;
    sink->length++;
}

struct field {
    bool left, zero;
    int width, precision; /* precision -1: none */
    unsigned bytes;       /* of an integer argument */
};

static void put_field(struct sink *sink, const struct field *field, const char *text, int length)
{
    char fill = field->zero && !field->left ? '0' : ' ';
    for (int i = length; !field->left && i < field->width; i++)
        put(sink, fill);
    for (int i = 0; i < length; i++)
        put(sink, text[i]);
    for (int i = length; field->left && i < field->width; i++)
        put(sink, ' ');
}

static void put_number(struct sink *sink, const struct field *field, uint64_t value, unsigned base, bool negative,
                       bool upper)
{
    char digits[24];
    int at = sizeof digits;
    do {
        unsigned digit = (unsigned)(value % base);
        digits[--at] = (char)(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10);
        value /= base;
    } while (value);
    if (negative)
        digits[--at] = '-';
    put_field(sink, field, digits + at, (int)sizeof digits - at);
}

static const char *read_modifiers(const char *format, struct field *field, va_list *list)
{
    for (; *format == '-' || *format == '0'; format++)
        *(*format == '-' ? &field->left : &field->zero) = true;
    if (*format == '*')
        field->width = va_arg(*list, int), format++;
    for (; *format >= '0' && *format <= '9'; format++)
        field->width = field->width * 10 + *format - '0';
    if (*format == '.') {
        field->precision = 0;
        if (*++format == '*')
            field->precision = va_arg(*list, int), format++;
        for (; *format >= '0' && *format <= '9'; format++)
            field->precision = field->precision * 10 + *format - '0';
    }
    for (; *format == 'l' || *format == 'z' || *format == 'h'; format++)
        if (*format != 'h')
            field->bytes = *format == 'l' && format[1] == 'l' ? 8 : field->bytes == 8 ? 8 : sizeof(long);
    return format;
}

static uint64_t argument(const struct field *field, va_list *list, bool is_signed)
{
    if (field->bytes == 8)
        return is_signed ? (uint64_t)va_arg(*list, long long) : va_arg(*list, unsigned long long);
    return is_signed ? (uint64_t)(int64_t)va_arg(*list, int) : va_arg(*list, unsigned);
}

static void put_conversion(struct sink *sink, char conversion, const struct field *field, va_list *list)
{
    if (conversion == 's') {
        const char *text = va_arg(*list, const char *);
        int length = 0;
        while ((field->precision < 0 || length < field->precision) && text[length])
            length++;
        put_field(sink, field, text, length);
    } else if (conversion == 'c') {
        put(sink, (char)va_arg(*list, int));
    } else if (conversion == 'd') {
        int64_t value = (int64_t)argument(field, list, true);
        put_number(sink, field, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0, false);
    } else if (conversion == 'u') {
        put_number(sink, field, argument(field, list, false), 10, false, false);
    } else if (conversion == 'x' || conversion == 'X') {
        put_number(sink, field, argument(field, list, false), 16, false, conversion == 'X');
    } else {
        put(sink, conversion);
    }
}

int vsnprintf(char *text, size_t size, const char *format, va_list list)
{
    struct sink sink = {text, size, 0};
    va_list own;
    va_copy(own, list);
    for (; *format; format++) {
        if (*format != '%') {
            put(&sink, *format);
            continue;
        }
        struct field field = {.precision = -1, .bytes = 4};
        format = read_modifiers(format + 1, &field, &own);
        if (!*format)
            break;
        put_conversion(&sink, *format, &field, &own);
    }
    va_end(own);
    if (size)
        text[sink.length < size ? sink.length : size - 1] = 0;
    return (int)sink.length;
}

int snprintf(char *text, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(text, size, format, list);
    va_end(list);
    return length;
}

static char output[16384];
static size_t output_length;
static bool output_failed;

bool mc_flush(void)
{
    for (size_t done = 0; done < output_length && !output_failed;) {
        ssize_t written = write(1, output + done, output_length - done);
        if (written <= 0)
            output_failed = true;
        else
            done += (size_t)written;
    }
    output_length = 0;
    return !output_failed;
}

void mc_print(const char *format, ...)
{
    char line[1024];
    va_list list;
    va_start(list, format);
    int length = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    size_t size = (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
    if (output_length + size > sizeof output)
        mc_flush();
    memcpy(output + output_length, line, size);
    output_length += size;
}
