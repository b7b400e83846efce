import DistillCLSCosine
import DistillCore
import DistillHiddenStateMSE
import DistillLinearCKA
import DistillLogitMSE
import DistillPatientKD
import DistillRelationalKD
import Testing

/// A term of the family, and what it compares: the student's layer 1 with the teacher's layer 2, or an output.
struct FamilyCase: Sendable, CustomTestStringConvertible {
  let name: String
  let term: any LossTerm
  let student: Activation
  let teacher: Activation
  var testDescription: String { name }
  var isProjected: Bool { name.hasSuffix("projected") }

  static let layers = LayerPair(student: 1, teacher: 2)

  private init(_ name: String, _ term: any LossTerm, output: Activation) {
    (self.name, self.term, student, teacher) = (name, term, output, output)
  }

  private init(_ name: String, _ term: any LossTerm, layer: (Int) -> Activation) {
    (self.name, self.term) = (name, term)
    (student, teacher) = (layer(Self.layers.student), layer(Self.layers.teacher))
  }

  /// Names are those of Scripts/fixtures/family_losses_parity.py.
  static let all: [FamilyCase] = [
    FamilyCase("cls-cosine plain", CLSCosine(), layer: Activation.classToken),
    FamilyCase("cls-cosine plain projected", CLSCosine(project: true), layer: Activation.classToken),
    FamilyCase("cls-cosine squared", CLSCosine(form: .squared), layer: Activation.classToken),
    FamilyCase("cls-cosine squared projected", CLSCosine(form: .squared, project: true), layer: Activation.classToken),
    FamilyCase("hidden-mse", HiddenStateMSE(project: false), layer: Activation.hidden),
    FamilyCase("hidden-mse projected", HiddenStateMSE(), layer: Activation.hidden),
    FamilyCase("pkd", PatientKD(), layer: Activation.classToken),
    FamilyCase("pkd projected", PatientKD(project: true), layer: Activation.classToken),
    FamilyCase("linear-cka", LinearCKA(), layer: Activation.classToken),
    FamilyCase("rkd-distance", RKDDistance(), output: .embedding),
    FamilyCase("rkd-angle", RKDAngle(), output: .embedding),
    FamilyCase("logit-mse", LogitMSE(), output: .logits),
  ]

  /// Those that see each sequence by itself.
  static let perSequence = all.filter { !$0.name.hasPrefix("rkd") && $0.name != "linear-cka" }

  var isPerToken: Bool { student == .hidden(layer: Self.layers.student) }

  func models(teacherWidth: Int, studentWidth: Int) -> ModelPair {
    func card(_ width: Int, layers: Int) -> ModelCard {
      ModelCard(
        architecture: "bert", layers: layers, heads: 1, width: width, embeddingWidth: width, outputs: 3,
        maximumLength: 16, vocabulary: "made up", parameters: 1)
    }
    return ModelPair(
      teacher: card(teacherWidth, layers: 4), student: card(studentWidth, layers: 2),
      task: .classification(labels: ["a", "b", "c"]))
  }

  /// The learnt map as the term defines it, with these values.
  func parameters(_ map: Tensor?) throws -> ParameterStore? {
    guard let map else { return nil }
    let models = models(teacherWidth: map.shape[0], studentWidth: map.shape[1])
    let store = try ParameterStore(term.parameters(models, at: Self.layers))
    store.parameters[0].assign(map)
    return store
  }

  func loss(student: Tensor, teacher: Tensor, lengths: [Int], parameters: ParameterStore? = nil) throws -> Tensor {
    let batch = TokenBatch(
      lengths.map { TokenSequence(ids: Array(repeating: 0, count: $0), typeIDs: Array(repeating: 0, count: $0)) },
      examples: Array(lengths.indices))
    return try term.loss(
      LossInputs(
        teacher: Response([self.teacher: teacher]), student: Response([self.student: student]), batch: batch,
        layers: term.scope == .layer ? Self.layers : nil, parameters: parameters))
  }
}
