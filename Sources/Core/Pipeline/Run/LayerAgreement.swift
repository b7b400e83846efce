import DistillCore

/// How close a student is to its teacher inside, over the sequences of a validation set.
package struct LayerAgreement: Sendable, Codable {
  /// Layers, counted from 1.
  package let student: Int
  package let teacher: Int
  /// Mean over sequences, heads and rows of KL(teacher ‖ student) between rows of attention, in nats; nil where the numbers of
  /// heads differ or one of them has no attention. Aguilar et al. 2020 give 2.229 for soft labels alone and 0.085 for internal distillation.
  package let attentionKL: Double?
  /// Mean of 1 − cos between the [CLS] states; nil where the widths differ.
  package let cosine: Double?
}

extension Evaluation {
  /// One figure of each kind for each pair of layers.
  func agreement(
    on examples: [Example], teacher: any TextEncoder, student: any TextEncoder, layerMap: [LayerPair],
    batchSize: Int = 32
  ) throws -> [LayerAgreement] {
    let data = EncodedDataset(examples, with: student.tokenizer, maximumLength: maximumLength)
    func bothOffer(_ kind: ActivationKind) -> Bool {
      teacher.card.activations.contains(kind) && student.card.activations.contains(kind)
    }
    let hasSameHeads = bothOffer(.attention) && teacher.card.heads == student.card.heads
    let hasSameWidth = bothOffer(.classToken) && teacher.card.width == student.card.width
    func wanted(_ layer: (LayerPair) -> Int) -> Set<Activation> {
      Set(
        layerMap.flatMap { pair -> [Activation] in
          (hasSameHeads ? [.attention(layer: layer(pair))] : [])
            + (hasSameWidth ? [.classToken(layer: layer(pair))] : [])
        })
    }
    guard data.count > 0, hasSameHeads || hasSameWidth else { return [] }
    var sums = Array(repeating: (attention: 0.0, cosine: 0.0), count: layerMap.count)
    for start in stride(from: 0, to: data.count, by: batchSize) {
      let batch = data.batch(start..<min(start + batchSize, data.count))
      let count = Double(batch.sequenceCount)
      let teachers = try teacher.respond(to: batch, with: wanted(\.teacher))
      let students = try student.respond(to: batch, with: wanted(\.student))
      for (index, pair) in layerMap.enumerated() {
        if hasSameHeads {
          let divergence = packedKLDivergence(
            try teachers[.attention(layer: pair.teacher)], try students[.attention(layer: pair.student)],
            offsets: batch.offsets)
          sums[index].attention += count * Double(divergence.scalar)
        }
        if hasSameWidth {
          let cosine = cosineSimilarity(
            try teachers[.classToken(layer: pair.teacher)], try students[.classToken(layer: pair.student)])
          sums[index].cosine += count - Double(cosine.sum().scalar)
        }
      }
      observe(.progress(what: "evaluation: layers", done: start + batch.sequenceCount, total: data.count))
    }
    return zip(layerMap, sums).map { pair, sum in
      LayerAgreement(
        student: pair.student, teacher: pair.teacher,
        attentionKL: hasSameHeads ? sum.attention / Double(data.count) : nil,
        cosine: hasSameWidth ? sum.cosine / Double(data.count) : nil)
    }
  }
}
