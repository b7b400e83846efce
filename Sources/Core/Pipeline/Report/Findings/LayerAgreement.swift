import DistillCore

/// A measure of how closely a layer of the student follows its teacher's layer, over the sequences of a validation set.
package struct LayerAgreement: Sendable, Codable {
  /// The layer of the student, counted from 1.
  package let student: Int
  /// The layer of the teacher, counted from 1.
  package let teacher: Int
  /// The mean over sequences, heads and rows of KL(teacher ‖ student) between rows of attention, in nats.
  ///
  /// `nil` if the numbers of heads are different or one of the models has no attention. Aguilar et al. 2020 report 2.229 for
  /// soft labels alone and 0.085 for internal distillation.
  package let attentionKL: Double?
  /// The mean of 1 − cos between the [CLS] states, or `nil` if the widths are different.
  package let cosine: Double?
}

extension Evaluation {
  /// Returns the agreement of each pair of layers, computed batch by batch so that attention of only one batch is in memory.
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
