import CDistillKernels
import Foundation
import Testing

@Suite struct DispatchTests {
  @Test func names() {
    #expect(Variant.all.last?.testDescription == "plain")
    #expect(distill_kernels_named("mmx") == nil)
    #expect(distill_kernels_named("") == nil)
    #if arch(x86_64)
      #expect(distill_kernels_named("neon") == nil)
    #elseif arch(arm64)
      #expect(distill_kernels_named("neon") != nil)
    #endif
  }

  @Test func environmentForcesAVariant() async {
    // In processes of their own, for no other test to see the environment.
    await #expect(processExitsWith: .success) {
      setenv("DISTILL_ISA", "plain", 1)
      let name = distill_kernels_best().map { String(cString: $0.pointee.name) }
      exit(name == "plain" && distill_bfloat16_best() == nil && distill_int8_best() == nil ? 0 : 1)
    }
    await #expect(processExitsWith: .success) {
      setenv("DISTILL_ISA", "avx512", 1)
      exit(distill_bfloat16_best() == distill_bfloat16_named("avx512") || distill_kernels_best() == nil ? 0 : 1)
    }
    await #expect(processExitsWith: .success) {
      setenv("DISTILL_ISA", "pentium", 1)
      exit(distill_kernels_best() == nil ? 0 : 1)
    }
    await #expect(processExitsWith: .success) {
      unsetenv("DISTILL_ISA")
      let name = distill_kernels_best().map { String(cString: $0.pointee.name) }
      exit(name == Variant.all.first?.testDescription ? 0 : 1)
    }
  }
}
