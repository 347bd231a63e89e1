// Package landscape draws which States stand together: a map on two axes, clusters, what sets each apart, and who bridges them.
//
// METHOD.md says how, step by step, and with which sources. The law is that the same stances give the same map on every machine, bit
// for bit. So whatever is compared (distances, averages, who is nearer) is compared exactly, in integers; only the map itself and the
// mean silhouettes are floating-point numbers, and these are computed by a fixed sequence of single operations. A compiler may fuse
// x*y+z into one operation with another result, on arm64 or for newer amd64, unless an explicit conversion float64(x*y) stands in
// between: in this package one always does, and a test looks for those that do not.
//
// Why not a library: none was found that promises as much, and assembly of one machine rounds otherwise than that of another.
//
// Nothing in here knows States or targets by more than their numbers, or is part of the digest.
package landscape
