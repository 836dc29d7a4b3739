# Confusion matrices, one panel per model: of the test images of a class (row), how many percent were taken for each
# class (column). `dat report` sets (index p: panel, from 1)
#   folder, output, format ("svg", "png"), n_panels; title_p, classes_p, tics_p (names of the classes, or empty)
# and the files folder/p.matrix (column, row, percent).

given(name, p) = value(sprintf("%s_%d", name, p))

# All measures are in pixels from the left and the top.
columns = n_panels < 3 ? n_panels : 3
rows = (n_panels + columns - 1) / columns
cell_width = 680.0
cell_height = 640.0
width = columns * cell_width
height = rows * cell_height

if (format eq "png") {
    set terminal pngcairo noenhanced size width, height font "DejaVu Sans,13" background "#FFFFFF"
} else {
    set terminal svg noenhanced size width, height font "Helvetica,DejaVu Sans,sans-serif,17" background "#FFFFFF"
}
set encoding utf8
set output output
set multiplot

set border 31 linecolor rgb "#444444"
set palette defined (0 "#FFFFFF", 50 "#56B4E9", 100 "#003A5C")
set cbrange [0:100]
set format cb "%.0f %%"
set tics nomirror out scale 0.4 textcolor rgb "#222222"
unset key
do for [p = 1:n_panels] {
    column = (p - 1) % columns
    row = (p - 1) / columns
    n = given("classes", p)
    set lmargin at screen (column * cell_width + 150) / width
    set rmargin at screen ((column + 1) * cell_width - 110) / width
    set tmargin at screen 1 - (row * cell_height + 60) / height
    set bmargin at screen 1 - ((row + 1) * cell_height - 130) / height
    set title given("title", p) textcolor rgb "#000000"
    set xrange [-0.5:n - 0.5]
    set yrange [n - 0.5:-0.5]
    if (given("tics", p) ne "") {
        eval "set xtics rotate by 45 right (" . given("tics", p) . ")"
        eval "set ytics (" . given("tics", p) . ")"
    } else {
        set xtics autofreq norotate
        set ytics autofreq
    }
    set xlabel "predicted" textcolor rgb "#222222"
    set ylabel "class" offset 1.5, 0 textcolor rgb "#222222"
    file = sprintf("%s/%d.matrix", folder, p)
    if (n <= 20) {
        plot file using 1:2:3 with image pixels, \
             file using 1:2:(sprintf("%.0f", $3)):($3 > 50 ? 0xFFFFFF : 0x222222) with labels \
                 textcolor rgb variable font ",11"
    } else {
        plot file using 1:2:3 with image pixels
    }
}
unset multiplot
