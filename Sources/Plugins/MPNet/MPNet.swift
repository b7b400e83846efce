import DistillEncoder
import Foundation

/// MPNet (Song et al. 2020): BERT with a bias of attention for the distance of two tokens, which all layers share, without types of
/// tokens, and with positions that begin after that of the padding.
///
/// The readout `pooler` is the first half of the classification head, tanh(W·<s> + b).
public enum MPNet: NamedArchitecture {
  public static let name = "mpnet"
  public static let title = "An MPNet"

  public static let architecture: EncoderArchitecture = {
    var names = WeightNames(prefix: "mpnet.", pooler: "classifier.dense", ignored: ["lm_head."])
    (names.otherPooler, names.classifier) = ("mpnet.pooler.dense", "classifier.out_proj")
    (names.queries, names.keys, names.values) = ("attention.attn.q", "attention.attn.k", "attention.attn.v")
    (names.attentionOutput, names.attentionNorm) = ("attention.attn.o", "attention.LayerNorm")

    var architecture = EncoderArchitecture(
      name: "mpnet", models: [.init("mpnet", className: "MPNet")], weights: names)
    architecture.fields.typeVocabularySize = nil
    architecture.types = .none
    // `transformers` has this id in its code, and does not read it from the configuration.
    architecture.positions = .afterPadding(id: 1, isFixed: true)
    architecture.relativeBias = .init(
      buckets: buckets, field: "relative_attention_num_buckets", weight: "encoder.relative_attention_bias.weight",
      bucket: bucket(ofDistance:))
    return architecture
  }()

  private static let buckets = 32
  private static let largestDistance = 128

  /// Returns the row of the bias for a distance, the position of the key minus that of the query.
  ///
  /// The first half of the rows is for keys that are not after the query. Of each half, the first half again is for distances of less than
  /// 8, and the others are for ranges that grow like powers, up to distances of 128 and more (T5, Raffel et al. 2020, section 2.1).
  static func bucket(ofDistance distance: Int) -> Int {
    let (half, length) = (buckets / 2, abs(distance))
    let first = distance > 0 ? half : 0
    let exact = half / 2
    if length < exact { return first + length }
    // In the precision and the order of `transformers`, which decide at the ends of ranges.
    let share = logf(Float(length) / Float(exact)) / Float(log(Double(largestDistance) / Double(exact)))
    return first + min(half - 1, exact + Int(share * Float(half - exact)))
  }
}

/// The recipe of an MPNet teacher.
public typealias MPNetTeacher = EncoderTeacher<MPNet>
/// The recipe of an MPNet student.
public typealias MPNetStudent = EncoderStudent<MPNet>
