import DistillBERT
import DistillCore
import Foundation
import Testing

/// Values and gradients against PyTorch; by Scripts/fixtures/family_losses_parity.py.
struct FamilyReferenceTests {
  private let reference: LossReference

  init() throws { reference = try LossReference("family") }

  @Test func everyReferenceIsUsed() {
    #expect(reference.cases == Set(FamilyCase.all.map(\.name) + ["smooth-l1", "linear-cka of close states", "minilm"]))
  }

  @Test(arguments: FamilyCase.all) func termEqualsPyTorch(_ family: FamilyCase) throws {
    let student = try reference["\(family.name)/student"].variable()
    let parameters = try family.parameters(family.isProjected ? try reference["\(family.name)/projection"] : nil)
    let lengths = family.isPerToken ? [3, 1, 4, 2] : Array(repeating: 1, count: 6)
    let loss = try family.loss(
      student: student, teacher: reference["\(family.name)/teacher"], lengths: lengths, parameters: parameters)
    loss.backward()
    try check(loss, student, family.name)
    if let map = parameters?.parameters.first {
      #expect(try map.gradient.deviation(from: reference["\(family.name)/projection gradient"]) < 1e-5)
    }
  }

  @Test func smoothL1EqualsPyTorch() throws {
    let student = try reference["smooth-l1/student"].variable()
    let loss = smoothL1(student, try reference["smooth-l1/teacher"])
    loss.backward()
    try check(loss, student, "smooth-l1")
  }

  /// [CLS] states of MiniLM's lower layers, which are of size 8 and differ between sequences by 0.004.
  @Test func alignmentOfCloseStatesEqualsPyTorch() throws {
    let (name, family) = ("linear-cka of close states", try #require(FamilyCase.all.first { $0.name == "linear-cka" }))
    let student = try reference["\(name)/student"].variable()
    let loss = try family.loss(
      student: student, teacher: reference["\(name)/teacher"], lengths: Array(repeating: 1, count: 5))
    loss.backward()
    try check(loss, student, name)
  }

  /// Some tens of numbers of size 1 are added and subtracted in Float32 (ε = 6e-8); the reference is exact to a rounding.
  private func check(
    _ loss: Tensor, _ student: Tensor, _ name: String, gradientWithin allowed: Float = 1e-5
  ) throws {
    let value = try loss.deviation(from: reference["\(name)/loss"])
    let gradient = try #require(student.gradient).deviation(from: reference["\(name)/gradient"])
    #expect(value < 1e-5, "value off by \(value)")
    #expect(gradient < allowed, "gradient off by \(gradient)")
  }

  // MARK: on a real model

  /// all-MiniLM-L6-v2, in `models` or named by `DISTILL_MINILM`.
  private static let miniLM: URL? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let named = ProcessInfo.processInfo.environment["DISTILL_MINILM"].map { URL(filePath: $0) }
    return [named, root.appending(path: "models/all-MiniLM-L6-v2")].compactMap { $0 }
      .first { FileManager.default.fileExists(atPath: $0.appending(path: "model.safetensors").path) }
  }()

  @Test(.enabled(if: Self.miniLM != nil, "needs all-MiniLM-L6-v2 in models/ or DISTILL_MINILM"))
  func termsEqualPyTorchOnMiniLM() throws {
    let encoder = try BERTEncoder(#require(Self.miniLM), readout: .mean)

    let lengths = try reference["minilm/batch/lengths"].values.map { Int($0) }
    var ids = try reference["minilm/batch/ids"].values.map { Int32($0) }[...]
    let sequences = lengths.map { length in
      defer { ids = ids.dropFirst(length) }
      return TokenSequence(ids: Array(ids.prefix(length)), typeIDs: Array(repeating: 0, count: length))
    }
    let response = try encoder.respond(
      to: TokenBatch(sequences, examples: Array(sequences.indices)),
      with: [
        .embedding, .hidden(layer: 2), .hidden(layer: 4), .classToken(layer: 2), .classToken(layer: 4),
        .classToken(layer: 6),
      ])

    let entries = (0..<384 * 384).map { (place: Int) -> Float in
      let (i, j) = place.quotientAndRemainder(dividingBy: 384)
      return Float((7 * i + 13 * j) % 31 - 15) / 256
    }
    let map = Tensor(entries, [384, 384])
    for family in FamilyCase.all {
      let (student, teacher): (Activation, Activation) =
        switch family.student.kind {
        case .embedding: (.classToken(layer: 6), .embedding)
        case .hidden: (.hidden(layer: 2), .hidden(layer: 4))
        default: (.classToken(layer: 2), .classToken(layer: 4))
        }
      let answer = try response[student].variable()
      let loss = try family.loss(
        student: answer, teacher: response[teacher], lengths: lengths,
        parameters: try family.parameters(family.isProjected ? map : nil))
      loss.backward()
      // The gradient of CKA turns with the states' small differences: to round exact states to Float32 moves it by 6e-5, to
      // run PyTorch's encoder in Float32 by 2e-4.
      let allowed: Float = family.name == "linear-cka" ? 1e-3 : 1e-5
      try check(loss, answer, "minilm/\(family.name)", gradientWithin: allowed)
    }
  }
}
