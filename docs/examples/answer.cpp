// Logits for one film from a model file, with OpenVINO: answer model.onnx film.pgm
// Written from docs/model-file.md. The film is an 8-bit binary PGM (P5) of the model's own size: decoded and resized.
#include <fstream>
#include <iostream>
#include <openvino/openvino.hpp>
#include <vector>

int main(int count, char** words) {
    if (count != 3) return 2;
    ov::Core core;
    auto model = core.read_model(words[1]);
    auto metadata = model->get_rt_info<ov::AnyMap>("framework");
    std::cerr << metadata.at("plainfilm").as<std::string>() << "\n";  // the card; parse it with any JSON library

    std::ifstream file(words[2], std::ios::binary);
    std::string magic;
    size_t width, height, white;
    file >> magic >> width >> height >> white;
    file.get();  // the one blank before the pixels
    std::vector<uint8_t> plane(width * height);
    file.read(reinterpret_cast<char*>(plane.data()), plane.size());
    if (magic != "P5" || white != 255 || !file) return 1;

    // Without this line OpenVINO computes in bfloat16 where the processor can, and the answers are no longer the same.
    auto compiled = core.compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32));
    auto request = compiled.create_infer_request();
    size_t channels = model->input("pixels").get_partial_shape()[1].get_length();
    ov::Tensor pixels(ov::element::u8, {1, channels, height, width});
    for (size_t channel = 0; channel < channels; ++channel)
        std::copy(plane.begin(), plane.end(), pixels.data<uint8_t>() + channel * plane.size());
    request.set_tensor("pixels", pixels);
    request.infer();
    auto logits = request.get_tensor("logits");
    std::cout.precision(9);
    for (size_t k = 0; k < logits.get_size(); ++k) std::cout << logits.data<float>()[k] << "\n";
}
