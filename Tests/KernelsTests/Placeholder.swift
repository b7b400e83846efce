import CDistillKernels
import Testing

struct Held: Sendable {
  let kernels: distill_kernels
}

@Test func plainRuns() throws {
  let best = try #require(distill_kernels_named("plain")).pointee
  let held = Held(kernels: best)
  var out: [Float] = [0, 0]
  held.kernels.add(&out, [1, 2], [3, 4], 2)
  #expect(out == [4, 6])
  #expect(distill_kernels_named("mmx") == nil)
}
