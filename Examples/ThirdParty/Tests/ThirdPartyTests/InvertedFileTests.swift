import DistillTestKit
import InvertedFile
import Testing

struct InvertedFileTests {
  @Test func conforms() throws { try RetrieverConformance(InvertedFile(), recall: 0.65).check() }
}
