// Package direct writes answers without asking gqlgen field by field.
//
// gqlgen makes a context, a description and often a goroutine of each field of each object, which comes to a microsecond: fifty
// microseconds for a page and a twentieth of a second for all States on all targets. Most fields need none of it, since they are plain:
// a struct field, or a method that takes no context and gives no error. Below a field that a resolver has answered, a selection of
// plain fields alone is put together once for the operation, and every object is then appended to the answer by one loop over it.
//
// What is plain, and how each is written, is generated beside gqlgen's own code and from the same data (package gqlgen below), so that
// neither can drift from the schema. Field hands a value over or lets gqlgen write it.
//
// Laws:
//   - What is written is byte for byte what gqlgen's code would have written. Selections are collected by gqlgen's own function.
//   - Only what succeeds is written here. Where a value is null that must not be, a number that JSON cannot hold, a panic, or the end of
//     the context, all that was written of the field is thrown away and gqlgen's code begins it again: it knows what error that is, and
//     what becomes of the answer. Plain fields have no effects, so nothing happens twice but work, and that once an operation.
//   - A field with a resolver, a directive or @defer anywhere in a selection leaves that object to gqlgen; what is plain below its
//     other fields comes here again.
package direct
