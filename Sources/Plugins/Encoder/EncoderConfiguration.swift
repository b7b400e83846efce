import DistillCore
import Foundation

/// The dimensions and settings of an encoder, as in `config.json` of Hugging Face.
struct EncoderConfiguration: Sendable {
  var architecture: EncoderArchitecture
  /// The value of `model_type`, one of ``EncoderArchitecture/models``.
  var modelType: String
  var vocabularySize: Int
  var hiddenSize: Int
  /// The width of the embeddings before they are mapped to `hiddenSize`.
  var embeddingSize: Int
  var layers: Int
  var heads: Int
  var intermediateSize: Int
  /// The number of rows of the table of positions.
  var positionRows: Int
  var typeVocabularySize: Int
  var layerNormEpsilon: Float
  var hiddenDropout: Float
  var attentionDropout: Float
  var initializerRange: Float
  var activation: FeedForwardActivation
  var paddingID: Int

  init(
    _ architecture: EncoderArchitecture, modelType: String? = nil, vocabularySize: Int, hiddenSize: Int,
    embeddingSize: Int? = nil, layers: Int, heads: Int, intermediateSize: Int, positionRows: Int,
    typeVocabularySize: Int, layerNormEpsilon: Float = 1e-12, hiddenDropout: Float, attentionDropout: Float,
    initializerRange: Float = 0.02, activation: FeedForwardActivation = .gelu, paddingID: Int
  ) {
    self.architecture = architecture
    self.modelType = modelType ?? architecture.models[0].type
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.embeddingSize = embeddingSize ?? hiddenSize
    self.layers = layers
    self.heads = heads
    self.intermediateSize = intermediateSize
    self.positionRows = positionRows
    self.typeVocabularySize = typeVocabularySize
    self.layerNormEpsilon = layerNormEpsilon
    self.hiddenDropout = hiddenDropout
    self.attentionDropout = attentionDropout
    self.initializerRange = initializerRange
    self.activation = activation
    self.paddingID = paddingID
  }

  /// Sets both dropouts, if one is given.
  mutating func replaceDropout(_ given: Float?) {
    guard let given else { return }
    (hiddenDropout, attentionDropout) = (given, given)
  }

  /// What the names of the classes of `transformers` begin with.
  var className: String { architecture.models.first { $0.type == modelType }?.className ?? modelType }

  /// The position of the first token.
  var firstPosition: Int {
    if case .afterPadding = architecture.positions { paddingID + 1 } else { 0 }
  }

  /// The largest number of tokens of a sequence.
  var maximumLength: Int { positionRows - firstPosition }

  /// Whether the types of tokens matter.
  var readsTypes: Bool { if case .read = architecture.types { true } else { false } }

  /// Returns the row of the bias for every distance between two tokens, from the most negative one on, or `nil` if there is no bias.
  var relativeRows: [Int32]? {
    architecture.relativeBias.map { bias in (1 - maximumLength..<maximumLength).map { Int32(bias.bucket($0)) } }
  }

  /// A description of the first impossible value, or `nil` if all values are possible.
  var problem: String? {
    let fields = architecture.fields
    var sizes = [
      ("vocab_size", vocabularySize), (fields.hiddenSize, hiddenSize), (fields.layers, layers), (fields.heads, heads),
      (fields.intermediateSize, intermediateSize), ("max_position_embeddings", positionRows),
    ]
    sizes += [(fields.typeVocabularySize, typeVocabularySize), (fields.embeddingSize, embeddingSize)].compactMap {
      pair in pair.0.map { ($0, pair.1) }
    }
    for (name, size) in sizes where size < 1 || size > 1 << 24 { return "has \(name) \(size)" }
    if layers > 1000 { return "has \(fields.layers) \(layers)" }
    if hiddenSize % heads != 0 {
      return "has \(heads) attention heads, which do not divide \(fields.hiddenSize) \(hiddenSize)"
    }
    for (name, p) in [(fields.hiddenDropout, hiddenDropout), (fields.attentionDropout, attentionDropout)]
    where !(p >= 0 && p < 1) {
      return "has \(name) \(p); a probability below 1 is needed"
    }
    if !(layerNormEpsilon > 0) { return "has \(fields.layerNormEpsilon ?? "an epsilon of") \(layerNormEpsilon)" }
    guard case .afterPadding = architecture.positions else { return nil }
    if !(0..<vocabularySize).contains(paddingID) { return "has pad_token_id \(paddingID)" }
    return maximumLength > 0
      ? nil : "has max_position_embeddings \(positionRows), and positions begin at \(firstPosition)"
  }
}
