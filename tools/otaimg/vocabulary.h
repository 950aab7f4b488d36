/* Words and limits that manifests and device files share. */
#ifndef OTAIMG_VOCABULARY_H
#define OTAIMG_VOCABULARY_H

#define SECURITY_COUNTER_MAX 0xFFFEFFFFu

/* Ended by NULL. */
extern const char *const device_words[];
extern const char *const image_type_words[]; /* index = value of the image-type attribute - 1 */

#endif
